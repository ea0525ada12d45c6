//! The two elements whose text Leptos 0.8 writes unescaped on the server, made safe. `make test`
//! refuses the raw elements and `inner_html` anywhere else.

use leptos::prelude::*;

/// Text as HTML text: the five characters that could end it are escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The document's title.
#[component]
pub fn PageTitle(text: String) -> impl IntoView {
    view! { <title inner_html=escape(&text)></title> }
}

/// A multi-line text field that shows what was typed.
#[component]
pub fn SafeTextarea(
    id: String,
    name: String,
    class: String,
    rows: u8,
    value: String,
    described_by: String,
    #[prop(optional)] maxlength: Option<usize>,
) -> impl IntoView {
    // HTML drops one line end right after the tag: a leading one of the person's own would be lost.
    let text = format!("\n{}", escape(&value));
    view! {
        <textarea
            id=id
            name=name
            class=class
            rows=rows.to_string()
            aria-describedby=described_by
            maxlength=maxlength.map(|length| length.to_string())
            inner_html=text
        ></textarea>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    const HOSTILE: [&str; 5] = [
        "</textarea><script>alert(1)</script>",
        "</title><img src=x onerror=alert(1)>",
        "\"' onfocus=alert(1) autofocus x='",
        "&lt;script&gt;",
        "\u{0}\u{202e}<svg/onload=alert(1)>",
    ];

    #[test]
    fn hostile_text_stays_text() {
        for text in HOSTILE {
            let field = view! {
                <SafeTextarea id="a".into() name="a".into() class="c".into() rows=5 value=text.into() described_by="x".into()/>
            }
            .to_html();
            let inner = field.split_once('>').unwrap().1.strip_suffix("</textarea>").unwrap();
            assert!(!inner.contains('<'), "{field}");
            let title = view! { <PageTitle text=text.into()/> }.to_html();
            assert_eq!(title.matches('<').count(), 2, "{title}");
        }
    }

    /// Why the wrappers exist. When this fails, Leptos has been mended and they can go.
    #[test]
    fn the_raw_element_is_still_unsafe_in_this_leptos() {
        let raw = leptos::html::textarea().child(String::from("<b>")).to_html();
        assert!(raw.contains("<b>"), "{raw}");
    }
}
