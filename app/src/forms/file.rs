//! A file with a few words, and what can be done with one that was sent. The file itself (field `file`) is
//! checked by the server: no browser has to send it twice.

use super::{FieldErrors, Fields, Form, free_text};
use crate::domain::conversation::LONGEST_MESSAGE;
use crate::domain::ids::FileId;

/// Fields `message`, which may be empty, and `file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    pub words: Option<String>,
}

impl Form for NewFile {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let words = free_text(fields, "message", LONGEST_MESSAGE, &mut errors);
        errors.or(Self { words })
    }
}

/// The button that was pressed: `open` or `remove`, with the file's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAct {
    Open(FileId),
    Remove(FileId),
}

impl Form for FileAct {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let id = |name| fields.one(name).parse::<FileId>().ok();
        id("open").map(Self::Open).or_else(|| id("remove").map(Self::Remove)).ok_or_else(|| FieldErrors::one("main", "Choose a file below"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::fields;
    use uuid::Uuid;

    #[test]
    fn a_file_needs_no_words_and_one_button_is_one_act() {
        assert_eq!(NewFile::parse(&fields(&[("message", "  ")])).unwrap().words, None);
        assert!(NewFile::parse(&fields(&[("message", &"a".repeat(LONGEST_MESSAGE + 1))])).is_err());
        let id = Uuid::from_u128(7);
        let text = id.to_string();
        assert_eq!(FileAct::parse(&fields(&[("open", &text)])), Ok(FileAct::Open(FileId(id))));
        assert_eq!(FileAct::parse(&fields(&[("remove", &text)])), Ok(FileAct::Remove(FileId(id))));
        assert!(FileAct::parse(&fields(&[("open", "../etc")])).is_err());
    }
}
