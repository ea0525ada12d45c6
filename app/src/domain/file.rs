//! What a person can send besides words: a photo, or a letter as a PDF. Which kinds, how large, how many;
//! what is taken out of one before it is kept is the server's (`files::strip`).
//!
//! To add a kind: a variant here, its arm in `files::strip`, its code in the schema. It must not: be one that
//! a browser would run.

/// In bytes, as sent.
pub const LARGEST_FILE: usize = 10 * 1024 * 1024;
/// Of one person, kept at the same time.
pub const MOST_FILES: i64 = 20;
/// Width times height. More is no photo of a phone, and could stop the computer that opens it.
pub const MOST_PIXELS: u64 = 120_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Jpeg,
    Png,
    Pdf,
}

impl FileKind {
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Pdf];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg | Self::Png => "Photo",
            Self::Pdf => "PDF",
        }
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// What it is called once saved. It tells nobody what it shows, and the name it had told us nothing.
    #[must_use]
    pub fn saved_as(self) -> &'static str {
        match self {
            Self::Jpeg => "photo.jpg",
            Self::Png => "photo.png",
            Self::Pdf => "document.pdf",
        }
    }
}

/// `Photo, 340 KB` or `PDF, 1.2 MB`.
#[must_use]
pub fn in_words(kind: FileKind, bytes: u64) -> String {
    const KB: u64 = 1024;
    let size = match bytes.div_ceil(KB) {
        small @ 0..1000 => format!("{small} KB"),
        large => {
            let tenths = (large * 10).div_ceil(KB);
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    };
    format!("{}, {size}", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_kind_and_size() {
        assert_eq!(in_words(FileKind::Jpeg, 1), "Photo, 1 KB");
        assert_eq!(in_words(FileKind::Png, 347_000), "Photo, 339 KB");
        assert_eq!(in_words(FileKind::Pdf, 1_250_000), "PDF, 1.2 MB");
        assert_eq!(in_words(FileKind::Pdf, 10 * 1024 * 1024), "PDF, 10.0 MB");
        assert!(FileKind::ALL.into_iter().all(|kind| FileKind::from_code(kind.code()) == Some(kind)));
    }
}
