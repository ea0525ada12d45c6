//! Writes invented crimes in the published CSV format, as many as a demonstration or a load test
//! wants.
//!
//! Owns the mix: the published crime types, outcomes and districts of West Mercia, weighted as in the
//! real files of January to August 2025 (`police-uk-west-mercia/README.md`). Everything that could
//! point to a place or a crime is made up: Crime IDs come from the seed, street names from two lists
//! of words (a real street of that name is chance), area codes lie in a range that is not in use
//! (`E0199....`), there are no coordinates, the force is called "Example Police", and every row says
//! "Invented" in its last column.
//!
//! The same seed and number of rows give the same file, byte for byte, on every machine. To change
//! the mix, change the tables; the expected checksum in the test changes with them.
//!
//! Must not: use a clock or other randomness, hold the file in memory, or write a name of a person.

use std::io::{self, Write};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The header line of the published files.
pub const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,\
                          LSOA code,LSOA name,Crime type,Last outcome category,Context";

/// In the real files these rows carry no outcome (and no Crime ID; here they have one, so that
/// cases without any outcome exist too).
const NO_OUTCOME: &str = "Anti-social behaviour";
const ONLY_DRUGS: &str = "Offender given a drugs possession warning";

/// Rows of the real files.
const CRIME_TYPES: [(&str, u32); 14] = [
    ("Violence and sexual offences", 26_905),
    (NO_OUTCOME, 11_725),
    ("Shoplifting", 6_236),
    ("Criminal damage and arson", 5_266),
    ("Public order", 4_779),
    ("Other theft", 4_293),
    ("Burglary", 2_699),
    ("Vehicle crime", 2_557),
    ("Other crime", 1_749),
    ("Drugs", 1_582),
    ("Possession of weapons", 753),
    ("Bicycle theft", 517),
    ("Robbery", 512),
    ("Theft from the person", 253),
];

/// Rows of the real files.
const OUTCOMES: [(&str, u32); 13] = [
    ("Unable to prosecute suspect", 30_684),
    ("Investigation complete; no suspect identified", 15_265),
    ("Status update unavailable", 5_387),
    ("Court result unavailable", 3_983),
    ("Local resolution", 861),
    ("Awaiting court outcome", 740),
    ("Offender given a caution", 427),
    ("Further action is not in the public interest", 336),
    ("Action to be taken by another organisation", 292),
    ("Further investigation is not in the public interest", 90),
    ("Formal action is not in the public interest", 31),
    ("Suspect charged as part of another case", 3),
    (ONLY_DRUGS, 2),
];

/// Rows of the real files, without those outside the force.
const DISTRICTS: [(&str, u32); 9] = [
    ("Shropshire", 13_741),
    ("Telford and Wrekin", 12_577),
    ("Worcester", 8_259),
    ("Herefordshire", 8_054),
    ("Wyre Forest", 6_603),
    ("Wychavon", 6_181),
    ("Redditch", 5_203),
    ("Bromsgrove", 4_402),
    ("Malvern Hills", 3_184),
];

/// Rows of the real files.
const MONTHS: [(&str, u32); 8] = [
    ("2025-01", 7_913),
    ("2025-02", 7_387),
    ("2025-03", 8_603),
    ("2025-04", 8_820),
    ("2025-05", 9_066),
    ("2025-06", 8_972),
    ("2025-07", 9_848),
    ("2025-08", 9_217),
];

const FIRST_WORDS: [&str; 24] = [
    "Almondbell",
    "Bramblewick",
    "Candlemere",
    "Dapplewood",
    "Elderquill",
    "Fernhollow",
    "Gosling",
    "Hazelmoon",
    "Inkwell",
    "Juniper",
    "Kettlebrook",
    "Lanternfield",
    "Marigold",
    "Nettlecombe",
    "Osierbank",
    "Pebblecote",
    "Quillfeather",
    "Rushlight",
    "Saffronhill",
    "Thimble",
    "Umberleaf",
    "Velvetmoss",
    "Whistledown",
    "Yarrowgate",
];

const LAST_WORDS: [&str; 12] = ["Avenue", "Bank", "Close", "Crescent", "Drive", "Gardens", "Grove", "Lane", "Road", "Row", "Street", "Way"];

/// One row in 2,000 is the row before it again with another outcome, as in the real files.
const REPEATED_ONE_IN: u32 = 2_000;

struct Crime {
    id: [u8; 32],
    month: &'static str,
    street: (&'static str, &'static str),
    district: &'static str,
    area: u32,
    kind: &'static str,
    outcome: &'static str,
}

/// Writes the header and `rows` invented crimes in ASCII, each with a Crime ID. About 0.05% of the
/// rows repeat the ID before them with a different outcome. Give it a buffered writer.
pub fn generate(seed: u64, rows: usize, out: &mut impl Write) -> io::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    writeln!(out, "{HEADER}")?;
    let mut previous: Option<Crime> = None;
    for _ in 0..rows {
        let repeat = below(&mut rng, REPEATED_ONE_IN) == 0;
        let again = previous.take().filter(|crime| repeat && !crime.outcome.is_empty());
        if let Some(mut crime) = again {
            let before = crime.outcome;
            while crime.outcome == before {
                crime.outcome = outcome(&mut rng, crime.kind);
            }
            write_row(out, &crime)?;
        } else {
            let crime = invent(&mut rng);
            write_row(out, &crime)?;
            previous = Some(crime);
        }
    }
    Ok(())
}

fn invent(rng: &mut ChaCha8Rng) -> Crime {
    let mut id = [0; 32];
    rng.fill_bytes(&mut id);
    let kind = weighted(rng, &CRIME_TYPES);
    Crime {
        id,
        month: weighted(rng, &MONTHS),
        street: (any(rng, &FIRST_WORDS), any(rng, &LAST_WORDS)),
        district: weighted(rng, &DISTRICTS),
        area: below(rng, 40),
        kind,
        outcome: outcome(rng, kind),
    }
}

fn outcome(rng: &mut ChaCha8Rng, crime_type: &str) -> &'static str {
    if crime_type == NO_OUTCOME {
        return "";
    }
    loop {
        let outcome = weighted(rng, &OUTCOMES);
        if outcome != ONLY_DRUGS || crime_type == "Drugs" {
            return outcome;
        }
    }
}

fn write_row(out: &mut impl Write, crime: &Crime) -> io::Result<()> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut id = [0; 64];
    for (pair, byte) in id.chunks_exact_mut(2).zip(crime.id) {
        pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    out.write_all(&id)?;
    let (first, last) = crime.street;
    // 40 areas a district: 901A to 910D.
    let (number, letter) = (901 + crime.area / 4, ["A", "B", "C", "D"][crime.area as usize % 4]);
    let place = DISTRICTS.iter().position(|d| d.0 == crime.district).unwrap_or(0);
    writeln!(
        out,
        ",{month},Example Police,Example Police,,,On or near {first} {last},E0199{place:02}{area:02},\
         {district} {number}{letter},{kind},{outcome},Invented",
        month = crime.month,
        area = crime.area,
        district = crime.district,
        kind = crime.kind,
        outcome = crime.outcome,
    )
}

/// 0 to `limit` less one. The bias, below one in 70,000 here, does not matter to a demonstration.
fn below(rng: &mut ChaCha8Rng, limit: u32) -> u32 {
    let scaled = (u64::from(rng.next_u32()) * u64::from(limit)) >> 32;
    u32::try_from(scaled).unwrap_or(0)
}

fn any(rng: &mut ChaCha8Rng, words: &[&'static str]) -> &'static str {
    let count = u32::try_from(words.len()).unwrap_or(0);
    let place = below(rng, count);
    words.get(place as usize).copied().unwrap_or_default()
}

fn weighted(rng: &mut ChaCha8Rng, table: &[(&'static str, u32)]) -> &'static str {
    let mut left = below(rng, table.iter().map(|(_, weight)| weight).sum());
    for (word, weight) in table {
        if left < *weight {
            return word;
        }
        left -= weight;
    }
    ""
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use app::domain::outcome::Wording;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::import::record::CaseRecord;
    use crate::import::source::Source;

    fn file(seed: u64, rows: usize) -> Vec<u8> {
        let mut out = Vec::new();
        generate(seed, rows, &mut out).unwrap();
        out
    }

    /// The records, every one of which must be accepted.
    fn records(seed: u64, rows: usize) -> Vec<CaseRecord> {
        Source::read(Cursor::new(file(seed, rows))).unwrap().map(|entry| entry.unwrap().unwrap()).collect()
    }

    #[test]
    fn one_seed_gives_one_file_byte_for_byte() {
        assert_eq!(file(7, 2_000), file(7, 2_000));
        assert_ne!(file(7, 2_000), file(8, 2_000));
        assert!(file(7, 2_000).starts_with(&file(7, 1_000)));
        assert_eq!(file(7, 0), format!("{HEADER}\n").into_bytes());
        let sum = Sha256::digest(file(7, 2_000));
        assert_eq!(sum[..8], [0x43, 0xc7, 0xce, 0x76, 0x90, 0x08, 0xb0, 0xf7], "the same on every machine");
    }

    #[test]
    fn every_row_can_be_imported_and_says_that_it_is_invented() {
        let text = String::from_utf8(file(1, 5_000)).unwrap();
        assert!(text.is_ascii());
        for row in text.lines().skip(1) {
            assert!(row.ends_with(",Invented") && row.contains(",Example Police,"), "{row}");
            assert!(row.contains(",E0199"), "{row}");
        }
        for case in records(1, 5_000) {
            assert_eq!(case.source_key.len(), 64);
            assert!(case.source_key.bytes().all(|b| b.is_ascii_hexdigit()));
            assert!(DISTRICTS.iter().any(|d| Some(d.0) == case.district.as_deref()));
        }
    }

    #[test]
    fn the_mix_is_near_the_real_one() {
        let cases = records(3, 100_000);
        assert_eq!(cases.len(), 100_000);
        let mut types: BTreeMap<&str, u32> = BTreeMap::new();
        let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
        for case in &cases {
            *types.entry(&case.crime_type).or_default() += 1;
            for progress in &case.progress {
                assert!(matches!(progress.wording, Wording::Known(_)));
                *outcomes.entry(progress.wording.text()).or_default() += 1;
            }
        }
        assert_eq!(types.len(), 14);
        for (table, found) in [(&CRIME_TYPES[..], types), (&OUTCOMES[..], outcomes)] {
            let all: u32 = table.iter().map(|(_, weight)| weight).sum();
            let written: u32 = found.values().sum();
            for (word, weight) in table.iter().filter(|(_, weight)| *weight > 200) {
                let expected = f64::from(*weight) / f64::from(all);
                let share = f64::from(found[word]) / f64::from(written);
                assert!((share / expected - 1.0).abs() < 0.2, "{word}: {share} for {expected}");
            }
        }
    }

    #[test]
    fn a_few_ids_come_twice_in_one_month_with_two_outcomes() {
        let mut by_id: BTreeMap<String, Vec<CaseRecord>> = BTreeMap::new();
        for case in records(3, 100_000) {
            by_id.entry(case.source_key.clone()).or_default().push(case);
        }
        let repeated: Vec<_> = by_id.values().filter(|cases| cases.len() > 1).collect();
        assert!((20..=80).contains(&repeated.len()), "{}", repeated.len());
        for cases in repeated {
            let [first, second] = cases.as_slice() else { panic!("an ID comes more than twice") };
            assert_eq!(first.month, second.month);
            assert_ne!(first.progress, second.progress);
        }
    }
}
