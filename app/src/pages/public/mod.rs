//! The pages that anyone can read without an account.
//!
//! | address          | file            | component             |
//! |------------------|-----------------|-----------------------|
//! | `/`              | `front`         | [`FrontPage`]         |
//! | `/help`          | `help`          | [`HelpPage`]          |
//! | `/help/rights`   | `rights`        | [`RightsPage`]        |
//! | `/help/services` | `services`      | [`ServicesPage`]      |
//! | `/accessibility` | `accessibility` | [`AccessibilityPage`] |
//! | `/privacy`       | `privacy`       | [`PrivacyPage`]       |
//!
//! Each is the content of `<main>`; the shell adds the header, the exit link and the footer.
//! None holds an island, a script or a word about the reader, so all of them may be cached.
//!
//! To add one: a file here, a row above, a line in each `mod` and `use` below, and one call of
//! `tests::check`, which holds every page to one `h1`, sound markup, headings that give nothing
//! away to a glance over the shoulder, and a reading age of about 9.

mod accessibility;
mod front;
mod help;
mod privacy;
mod rights;
mod services;

use leptos::prelude::*;

pub use accessibility::AccessibilityPage;
pub use front::FrontPage;
pub use help::HelpPage;
pub use privacy::PrivacyPage;
pub use rights::RightsPage;
pub use services::ServicesPage;

/// How to reach the hub by phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubContact {
    /// As people read it, with spaces: `01632 960001`.
    pub phone: String,
    /// As it follows "We are open": `Monday to Friday, 8am to 8pm`.
    pub hours: String,
}

/// What a phone dials for a number as people read it.
fn tel_href(number: &str) -> String {
    let dialled = number.chars().filter(|c| c.is_ascii_digit() || *c == '+');
    format!("tel:{}", dialled.collect::<String>())
}

/// A number that a tap calls.
#[component]
fn PhoneLink(#[prop(into)] number: String) -> impl IntoView {
    let href = tel_href(&number);
    view! { <a class="govuk-link portal-phone" href=href>{number}</a> }
}

/// The column in which all public text stands.
#[component]
fn Column(children: Children) -> impl IntoView {
    view! {
        <div class="govuk-grid-row">
            <div class="govuk-grid-column-two-thirds">{children()}</div>
        </div>
    }
}

/// What to do in danger. It has no heading, so that it does not shout in a list of headings.
#[component]
fn Danger() -> impl IntoView {
    view! {
        <div class="portal-danger">
            <p class="govuk-body govuk-!-font-weight-bold">
                "Not safe right now? Call " <PhoneLink number="999"/> "."
            </p>
            <p class="govuk-body govuk-!-margin-bottom-0">
                "Can’t speak? Call 999 on a mobile. Listen. Press 55 when you are asked to."
            </p>
        </div>
    }
}

/// The hub's own phone: the last section of most pages, the same everywhere.
#[component]
fn TalkToUs(hub: HubContact) -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m" id="talk">"Talk to us"</h2>
        <p class="govuk-body">
            "Call " <PhoneLink number=hub.phone/> ". We are open " {hub.hours} "."
        </p>
        <p class="govuk-body">
            "If you can’t hear or speak on the phone, use Relay UK. Dial 18001, then our number."
        </p>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    /// The hub of every test: numbers from 01632 960 are kept by Ofcom for drama.
    pub(super) fn hub() -> HubContact {
        HubContact { phone: "01632 960001".into(), hours: "Monday to Friday, 8am to 8pm".into() }
    }

    /// A page as the browser gets it.
    pub(super) fn html<V: IntoView>(page: impl FnOnce() -> V) -> String {
        let owner = Owner::new();
        let html = owner.with(|| page().into_view().to_html());
        owner.cleanup();
        html
    }

    /// Everything that every public page must be.
    pub(super) fn check(html: &str) {
        let pieces = pieces(html);
        check_nesting(&pieces);
        check_headings(&pieces);
        check_links(&pieces);
        check_reading(&pieces);
        for never in ["<script", "<style", " style=", "<title", "<textarea", " onclick="] {
            assert!(!html.contains(never), "{never} in {html}");
        }
    }

    #[derive(Debug)]
    enum Piece<'a> {
        Open(&'a str, &'a str),
        Close(&'a str),
        Text(&'a str),
    }

    /// A reader for markup as Leptos writes it: no `<` or `>` outside tags and comments.
    fn pieces(html: &str) -> Vec<Piece<'_>> {
        let mut found = Vec::new();
        for part in html.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("each tag ends");
            if let Some(name) = tag.strip_prefix('/') {
                found.push(Piece::Close(name));
            } else if !tag.starts_with('!') {
                let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
                found.push(Piece::Open(name, attributes));
            }
            if !text.is_empty() {
                found.push(Piece::Text(text));
            }
        }
        found
    }

    const BLOCKS: [&str; 14] = ["p", "ul", "ol", "li", "div", "h1", "h2", "h3", "dl", "dt", "dd", "nav", "details", "summary"];

    fn check_nesting(pieces: &[Piece<'_>]) {
        let mut open: Vec<&str> = Vec::new();
        for piece in pieces {
            match *piece {
                Piece::Open(name, _) => {
                    if BLOCKS.contains(&name) {
                        let inline = ["p", "h1", "h2", "h3", "a", "strong", "span", "summary"];
                        let outer = open.iter().find(|outer| inline.contains(*outer));
                        assert_eq!(outer, None, "{name} inside {open:?}");
                    }
                    if name == "li" {
                        assert!(matches!(open.last(), Some(&("ul" | "ol"))), "li in {open:?}");
                    }
                    open.push(name);
                }
                Piece::Close(name) => assert_eq!(open.pop(), Some(name)),
                Piece::Text(_) => {}
            }
        }
        assert!(open.is_empty(), "still open: {open:?}");
    }

    fn check_headings(pieces: &[Piece<'_>]) {
        let mut level = 0;
        let mut inside = false;
        let mut h1 = 0;
        for piece in pieces {
            match *piece {
                Piece::Open(name @ ("h1" | "h2" | "h3"), _) => {
                    let this = usize::from(name.as_bytes()[1] - b'0');
                    assert!(this <= level + 1, "{name} after h{level}");
                    h1 += usize::from(this == 1);
                    level = this;
                    inside = true;
                }
                Piece::Close("h1" | "h2" | "h3") => inside = false,
                Piece::Text(text) if inside => {
                    for word in ["victim", "crime", "abuse", "rape", "assault", "stalk", "danger", "suspect"] {
                        assert!(!text.to_lowercase().contains(word), "heading: {text}");
                    }
                }
                _ => {}
            }
        }
        assert_eq!(h1, 1);
    }

    fn check_links(pieces: &[Piece<'_>]) {
        for (at, piece) in pieces.iter().enumerate() {
            let Piece::Open("a", attributes) = *piece else {
                continue;
            };
            let Some(Piece::Text(text)) = pieces.get(at + 1) else { panic!("{attributes}: no text") };
            let vague = ["here", "click here", "more", "read more", "this page", "link"];
            assert!(!vague.contains(&text.to_lowercase().as_str()), "{text}");
            let href = attributes.split("href=\"").nth(1).and_then(|rest| rest.split('"').next());
            let href = href.expect("each link leads somewhere");
            if let Some(number) = href.strip_prefix("tel:") {
                assert!(number.len() >= 3 && number.bytes().all(|b| b.is_ascii_digit()), "{href}");
                assert_eq!(number, text.replace(' ', ""));
            } else if href.starts_with("https://") {
                assert!(attributes.contains("noreferrer"), "{href}");
            } else {
                assert!(href.starts_with('/') || href.starts_with('#'), "{href}");
            }
        }
    }

    /// Mean words in a sentence, and the automated readability index. Numbers are no words;
    /// the end of a block is the end of a sentence.
    #[expect(clippy::cast_precision_loss, reason = "a page has thousands of letters, not 2^52")]
    fn check_reading(pieces: &[Piece<'_>]) {
        let mut text = String::new();
        for piece in pieces {
            match *piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Open(name, _) | Piece::Close(name) if BLOCKS.contains(&name) => {
                    text.push_str(". ");
                }
                _ => {}
            }
        }
        let mut letters = 0;
        let mut words = 0;
        let mut sentences = 0;
        for sentence in text.split_inclusive(['.', '!', '?', ':']) {
            let real: Vec<_> = sentence.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).collect();
            assert!(real.len() <= 25, "{} words: {sentence}", real.len());
            letters += real.iter().flat_map(|w| w.chars()).filter(|c| c.is_alphanumeric()).count();
            words += real.len();
            sentences += usize::from(!real.is_empty());
        }
        let mean = words as f64 / sentences as f64;
        let ari = 4.71 * letters as f64 / words as f64 + 0.5 * mean - 21.43;
        assert!(words > 100, "{words} words");
        assert!(mean <= 15.0, "{mean} words a sentence");
        assert!(ari <= 8.0, "ARI {ari}");
    }

    #[test]
    fn a_phone_dials_the_digits_of_a_number() {
        assert_eq!(tel_href("01632 960001"), "tel:01632960001");
        assert_eq!(tel_href("+44 (0)1632"), "tel:+4401632");
        assert_eq!(tel_href("\"><b>"), "tel:");
    }

    #[test]
    fn a_hub_is_text_and_never_markup() {
        let odd = HubContact { phone: "<b>1".into(), hours: "<i>never</i>".into() };
        let page = html(|| view! { <TalkToUs hub=odd/> });
        assert!(page.contains("href=\"tel:1\""), "{page}");
        assert!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
    }
}
