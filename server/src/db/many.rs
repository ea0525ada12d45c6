//! Many rows in one statement, for feeds and for the audit chain: one hop to the database carries up
//! to [`MOST`] of them. Written once, with `?` places and `{rows}` where the rows go:
//!
//! ```ignore
//! static EVENTS: Many = Many::new("insert into case_events (case_id, wording) values {rows}", 2);
//! for some in EVENTS.groups(&events) {
//!     let mut statement = EVENTS.of(some.len());
//!     for event in some { statement = statement.bind(event.case).bind(event.wording); }
//!     statement.execute(&mut tx).await?;
//! }
//! ```
//! Rows of one column stand without brackets: `key in ({rows})`.
//!
//! SQLite gets the places without numbers. The driver asks for the name of every numbered one, and
//! SQLite looks it up by walking a list: a seventh of an import's time.

use super::statement::Statement;
use std::sync::OnceLock;

/// Rows in one statement. A power of two, and so are all smaller groups: few statements to prepare and keep.
pub const MOST: usize = 64;

struct Texts {
    sqlite: &'static str,
    postgres: &'static str,
}

pub struct Many {
    text: &'static str,
    columns: usize,
    /// For 1, 2, 4 .. [`MOST`] rows; made when first needed, kept as long as the program runs.
    texts: [OnceLock<Texts>; MOST.trailing_zeros() as usize + 1],
}

impl Many {
    #[must_use]
    pub const fn new(text: &'static str, columns: usize) -> Self {
        Self { text, columns, texts: [const { OnceLock::new() }; MOST.trailing_zeros() as usize + 1] }
    }

    /// Slices of a length that [`of`](Self::of) knows, in order.
    pub fn groups<'a, T>(&self, mut rest: &'a [T]) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
        std::iter::from_fn(move || {
            let length = largest_group(rest.len())?;
            let (some, after) = rest.split_at(length);
            rest = after;
            Some(some)
        })
    }

    /// The statement for one of the [`groups`](Self::groups).
    ///
    /// # Panics
    /// For any other number of rows: that is a mistake in the program.
    #[must_use]
    pub fn of(&self, rows: usize) -> Statement {
        assert!(rows.is_power_of_two() && rows <= MOST, "{rows} rows are no group");
        let texts = self.texts[rows.trailing_zeros() as usize].get_or_init(|| {
            let text = self.text.replace("{rows}", &places(rows, self.columns));
            Texts { postgres: leak(numbered(&text)), sqlite: leak(text) }
        });
        Statement::for_each_driver(texts.sqlite, texts.postgres)
    }
}

fn largest_group(rows: usize) -> Option<usize> {
    Some(1 << rows.min(MOST).checked_ilog2()?)
}

/// The drivers take only text that lives for ever, and there are seven of each statement.
pub(super) fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// `(?, ?), (?, ?)`
fn places(rows: usize, columns: usize) -> String {
    let row = vec!["?"; columns].join(", ");
    let row = if columns == 1 { row } else { format!("({row})") };
    vec![row; rows].join(", ")
}

/// `?, ?` as `$1, $2`.
fn numbered(text: &str) -> String {
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.zip(1..).fold(first, |text, (part, place)| format!("{text}${place}{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_row_once_in_powers_of_two() {
        let many = Many::new("values {rows}", 1);
        for count in [0usize, 1, 2, 3, 63, 64, 65, 500] {
            let rows: Vec<usize> = (0..count).collect();
            let groups: Vec<&[usize]> = many.groups(&rows).collect();
            assert_eq!(groups.concat(), rows);
            assert!(groups.iter().all(|group| group.len().is_power_of_two() && group.len() <= MOST));
            assert!(groups.len() <= count / MOST + 6);
        }
    }

    #[test]
    fn places_are_numbered_for_postgresql_alone() {
        assert_eq!(places(2, 2), "(?, ?), (?, ?)");
        assert_eq!(places(3, 1), "?, ?, ?");
        assert_eq!(numbered("a = ? and b in (?, ?)"), "a = $1 and b in ($2, $3)");
        assert_eq!(numbered("none"), "none");
    }
}
