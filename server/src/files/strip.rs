//! What a file is, told by its bytes, and the same file without what it tells besides the picture: where,
//! when and with what it was taken, earlier versions of it, and films or pictures hidden behind it.
//!
//! Only what is on a list stays. Nothing is unpacked: a small file that unpacks into a huge one costs nothing
//! here. The picture itself is not changed; which way up it is stays too.

use app::domain::file::{FileKind, MOST_PIXELS};
use axum::body::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::{ImageEXIF as _, ImageICC as _};

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("We can take a photo (JPEG or PNG) or a PDF. This file is something else")]
    Unknown,
    #[error("We could not read this file: a part of it is missing. Save it again, or take the photo again")]
    Damaged,
    #[error("This picture is too large to open safely. Send it with fewer than 120 megapixels")]
    TooManyPixels,
}

/// Tells the kind and takes out what need not be known.
pub fn strip(bytes: Bytes) -> Result<(FileKind, Bytes), Unfit> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Ok((FileKind::Jpeg, jpeg(bytes)?))
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Ok((FileKind::Png, png(bytes)?))
    } else if bytes.starts_with(b"%PDF-") {
        let end = &bytes[bytes.len().saturating_sub(2048)..];
        let whole = end.windows(5).any(|five| five == b"%%EOF");
        if whole { Ok((FileKind::Pdf, bytes)) } else { Err(Unfit::Damaged) }
    } else {
        Err(Unfit::Unknown)
    }
}

fn small_enough(width: impl Into<u64>, height: impl Into<u64>) -> Result<(), Unfit> {
    let (width, height): (u64, u64) = (width.into(), height.into());
    if width * height > MOST_PIXELS { Err(Unfit::TooManyPixels) } else { Ok(()) }
}

const COLOUR_PROFILE: &[u8] = b"ICC_PROFILE\0";
const EXIF: &[u8] = b"Exif\0\0";

/// A segment before the picture that stays: tables, frames, and the application's segments that say how its
/// colours are meant.
fn stays(segment: &JpegSegment) -> bool {
    let contents = segment.contents();
    match segment.marker() {
        // Without a small copy of the picture, which may be of an earlier version of it.
        markers::APP0 => contents.starts_with(b"JFIF\0") && contents.len() == 14,
        markers::APP2 => contents.starts_with(COLOUR_PROFILE),
        markers::APP14 => contents.starts_with(b"Adobe"),
        // Everything else of applications, comments, and what is reserved.
        markers::APP0..=markers::APP15 | markers::COM | 0xf0..=0xfd => false,
        _ => true,
    }
}

fn jpeg(bytes: Bytes) -> Result<Bytes, Unfit> {
    let mut picture = Jpeg::from_bytes(bytes).map_err(|_| Unfit::Damaged)?;
    let (width, height) = picture.dimensions().ok_or(Unfit::Damaged)?;
    small_enough(width, height)?;
    let turned = picture.exif().as_deref().and_then(orientation);
    let segments = picture.segments_mut();
    segments.retain(stays);
    let scan = segments.pop().filter(|last| last.marker() == markers::SOS && last.has_entropy()).ok_or(Unfit::Damaged)?;
    let whole = scan.encoder().bytes();
    if let Some(turned) = turned {
        segments.insert(0, JpegSegment::new_with_contents(markers::APP1, only_orientation(turned)));
    }
    // The head as it is now, without the end that the library adds where there is no scan.
    let mut out = picture.encoder().bytes().to_vec();
    out.truncate(out.len() - 2);
    scans(&whole, &mut out).ok_or(Unfit::Damaged)?;
    Ok(out.into())
}

/// Copies the scans of a picture up to its end; what stands behind the end is left.
///
/// `None` when the end does not come.
fn scans(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    loop {
        let next = rest.iter().position(|byte| *byte == markers::P)?;
        let (data, tail) = rest.split_at(next);
        out.extend_from_slice(data);
        match *tail.get(1)? {
            // A byte of the picture that looks like a mark, or where a decoder may start again.
            within @ (0 | markers::RST0..=markers::RST7) => {
                out.extend_from_slice(&[markers::P, within]);
                rest = &tail[2..];
            }
            markers::P => rest = &tail[1..],
            markers::EOI => {
                out.extend_from_slice(&[markers::P, markers::EOI]);
                return Some(());
            }
            marker => {
                let length = usize::from(u16::from_be_bytes([*tail.get(2)?, *tail.get(3)?]));
                let segment = tail.get(..2 + length).filter(|_| length >= 2)?;
                if matches!(marker, markers::SOS | markers::DHT | markers::DQT | markers::DAC | markers::DRI | markers::DNL) {
                    out.extend_from_slice(segment);
                }
                rest = &tail[2 + length..];
            }
        }
    }
}

/// Which way up the picture is (EXIF 2.32, tag 0x0112), when it is not upright.
fn orientation(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    };
    let four: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let first = usize::try_from(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }).ok()?;
    let entries = usize::from(short(first)?);
    (0..entries)
        .map(|place| first + 2 + place * 12)
        .find(|at| short(*at) == Some(0x0112))
        .and_then(|at| short(at + 8))
        .filter(|turned| (2..=8).contains(turned))
}

fn only_orientation(turned: u16) -> Bytes {
    let [high, low] = turned.to_be_bytes();
    let tiff = [
        b'M', b'M', 0, b'*', 0, 0, 0, 8, // the first list is at 8
        0, 1, // one entry
        0x01, 0x12, 0, 3, 0, 0, 0, 1, high, low, 0, 0, // orientation, one short
        0, 0, 0, 0, // no further list
    ];
    [EXIF, &tiff[..]].concat().into()
}

/// Chunks that a picture needs to look as it does.
const CHUNKS: [[u8; 4]; 9] = [*b"IHDR", *b"PLTE", *b"IDAT", *b"IEND", *b"tRNS", *b"gAMA", *b"cHRM", *b"sRGB", *b"pHYs"];

fn png(bytes: Bytes) -> Result<Bytes, Unfit> {
    let mut picture = Png::from_bytes(bytes).map_err(|_| Unfit::Damaged)?;
    let (width, height) = picture.dimensions().ok_or(Unfit::Damaged)?;
    small_enough(width, height)?;
    let kinds = |picture: &Png| picture.chunks().iter().map(img_parts::png::PngChunk::kind).collect::<Vec<_>>();
    let all = kinds(&picture);
    if all.first() != Some(b"IHDR") || all.last() != Some(b"IEND") || !all.contains(b"IDAT") {
        return Err(Unfit::Damaged);
    }
    // A colour profile has a name and texts of its own: without it colours differ a little.
    picture.set_icc_profile(None);
    picture.chunks_mut().retain(|chunk| CHUNKS.contains(&chunk.kind()));
    Ok(picture.encoder().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A photo as a phone makes it: where it was taken, a small copy, a comment, two scans, and a film behind its end.
    fn photo(turned: u16) -> Vec<u8> {
        let segment = |marker: u8, contents: &[u8]| {
            let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
            [&[0xff, marker], &length[..], contents].concat()
        };
        let mut exif = only_orientation(turned).to_vec();
        exif.extend_from_slice(b"GPS 52.1920 -2.2200 CANARY");
        [
            vec![0xff, 0xd8],
            segment(0xe1, &exif),
            segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            segment(0xe0, b"JFXX\0\x10CANARY small copy"),
            segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0CANARY"),
            segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
            segment(0xe2, b"MPF\0CANARY"),
            segment(0xed, b"Photoshop 3.0\0CANARY"),
            segment(0xfe, b"CANARY comment"),
            segment(0xc2, &[8, 0, 16, 0, 32, 1, 1, 0x11, 0]),
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            vec![1, 2, 0xff, 0, 3, 0xff, 0xd0, 4],
            segment(0xfe, b"CANARY between"),
            segment(0xc4, &[0; 20]),
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            vec![5, 6, 7],
            vec![0xff, 0xd9],
            b"ftypmp42 CANARY film".to_vec(),
        ]
        .concat()
    }

    fn holds(bytes: &[u8], text: &[u8]) -> bool {
        bytes.windows(text.len()).any(|window| window == text)
    }

    #[test]
    fn a_photo_keeps_its_picture_and_which_way_up_it_is_and_nothing_else() {
        let (kind, stripped) = strip(photo(6).into()).unwrap();
        assert_eq!(kind, FileKind::Jpeg);
        assert!(!holds(&stripped, b"CANARY") && !holds(&stripped, b"GPS"));
        assert!(holds(&stripped, b"ICC_PROFILE\0\x01\x01colours"));
        assert!(holds(&stripped, &[1, 2, 0xff, 0, 3, 0xff, 0xd0, 4]) && holds(&stripped, &[5, 6, 7]));
        assert!(stripped.ends_with(&[5, 6, 7, 0xff, 0xd9]));
        let again = Jpeg::from_bytes(stripped.clone()).unwrap();
        assert_eq!(again.dimensions(), Some((32, 16)));
        assert_eq!(orientation(&again.exif().unwrap()), Some(6));
        assert_eq!(strip(stripped.clone()).unwrap().1, stripped, "stripping again changes nothing");
        assert!(!holds(&strip(photo(1).into()).unwrap().1, EXIF), "upright needs no mark");
    }

    #[test]
    fn a_phones_own_order_of_bytes_is_read_too() {
        let tiff = [b'I', b'I', b'*', 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(orientation(&tiff), Some(8));
    }

    fn screenshot() -> Vec<u8> {
        let chunk =
            |kind: &[u8; 4], contents: &[u8]| img_parts::png::PngChunk::new(*kind, Bytes::copy_from_slice(contents)).encoder().bytes();
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for part in [
            chunk(b"IHDR", &[0, 0, 0, 4, 0, 0, 0, 2, 8, 2, 0, 0, 0]),
            chunk(b"iCCP", b"CANARY\0\0"),
            chunk(b"tEXt", b"Author\0CANARY"),
            chunk(b"eXIf", b"MM\0*CANARY"),
            chunk(b"IDAT", b"picture"),
            chunk(b"tIME", b"CANARY!"),
            chunk(b"IEND", b""),
        ] {
            bytes.extend_from_slice(&part);
        }
        bytes.extend_from_slice(b"CANARY behind the end");
        bytes
    }

    #[test]
    fn a_screenshot_keeps_its_picture_and_nothing_else() {
        let (kind, stripped) = strip(screenshot().into()).unwrap();
        assert_eq!(kind, FileKind::Png);
        assert!(!holds(&stripped, b"CANARY") && holds(&stripped, b"picture"));
        assert_eq!(strip(stripped.clone()).unwrap().1, stripped);
    }

    #[test]
    fn what_is_something_else_is_refused_whatever_it_is_called() {
        for other in [
            &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..],
            b"<html><script>alert(1)</script>",
            b"PK\x03\x04 a document",
            b"MZ a program",
            b"GIF89a",
            b"X5O!P%@AP a test virus",
            b"\0\0\0\x18ftypheic",
            b" %PDF-1.7 %%EOF",
            b"",
        ] {
            assert_eq!(strip(Bytes::from_static(other)).unwrap_err(), Unfit::Unknown);
        }
        assert_eq!(strip(Bytes::from_static(b"%PDF-1.7 no end")).unwrap_err(), Unfit::Damaged);
        assert!(strip(Bytes::from_static(b"%PDF-1.7 ... %%EOF\n")).is_ok());
    }

    #[test]
    fn a_picture_that_would_unpack_into_too_much_is_refused() {
        let mut huge = screenshot();
        let ihdr = img_parts::png::PngChunk::new(*b"IHDR", Bytes::from_static(&[0, 1, 0, 0, 0, 1, 0, 0, 8, 2, 0, 0, 0]));
        huge.splice(8..8 + 25, ihdr.encoder().bytes());
        assert_eq!(strip(huge.into()).unwrap_err(), Unfit::TooManyPixels);
        let mut huge = photo(1);
        let frame = huge.windows(4).position(|four| four == [0xff, 0xc2, 0, 11]).unwrap();
        huge[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
        assert_eq!(strip(huge.into()).unwrap_err(), Unfit::TooManyPixels);
    }

    proptest! {
        #[test]
        fn damage_is_refused_or_stripped_and_never_a_panic(cut in 0usize..420, at in 0usize..420, byte: u8) {
            for whole in [photo(6), screenshot()] {
                let cut = cut.min(whole.len());
                let _ = strip(Bytes::copy_from_slice(&whole[..cut]));
                let mut damaged = whole.clone();
                let at = at.min(whole.len() - 1);
                damaged[at] = byte;
                if let Ok((_, stripped)) = strip(damaged.into()) {
                    // What was stripped is read and stays as it is.
                    prop_assert_eq!(&strip(stripped.clone()).unwrap().1, &stripped);
                }
            }
        }
    }
}
