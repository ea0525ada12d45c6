//! `/help/services`: phone lines that anyone in England can call, grouped by what would help.
//!
//! Headings and groups say what would help, not what happened: someone may be looking.
//! A line's hours are given only where it never closes. To add a line, add it to [`GROUPS`].

use leptos::prelude::*;

use super::{Column, Danger, HubContact, PhoneLink, TalkToUs};

/// A phone line: who runs it, what it is for.
struct Line {
    name: &'static str,
    number: &'static str,
    about: &'static str,
}

struct Group {
    heading: &'static str,
    lines: &'static [Line],
}

const GROUPS: [Group; 7] = [
    Group {
        heading: "Someone to talk to",
        lines: &[
            Line {
                name: "Victim Support",
                number: "0808 1689 111",
                about: "For anyone who has experienced a crime. You don’t need to tell the \
                    police. Open day and night.",
            },
            Line { name: "Samaritans", number: "116 123", about: "For anyone who finds life hard. Open day and night." },
        ],
    },
    Group {
        heading: "If you are under 19",
        lines: &[Line { name: "Childline", number: "0800 1111", about: "You can talk about anything. Open day and night." }],
    },
    Group {
        heading: "Feeling safe at home or with family",
        lines: &[
            Line {
                name: "National Domestic Abuse Helpline, run by Refuge",
                number: "0808 2000 247",
                about: "For women, and for friends who worry about them. Open day and night.",
            },
            Line {
                name: "Men’s Advice Line",
                number: "0808 801 0327",
                about: "For men who are hurt or controlled by someone close to them.",
            },
            Line { name: "Galop", number: "0800 999 5428", about: "For LGBT+ people who are hurt or scared by someone." },
            Line {
                name: "Karma Nirvana",
                number: "0800 5999 247",
                about: "If family say you must marry, or hurt you for the sake of honour.",
            },
        ],
    },
    Group {
        heading: "Feeling safe when someone won’t leave you alone",
        lines: &[Line {
            name: "National Stalking Helpline",
            number: "0808 802 0300",
            about: "If someone follows you, watches you or keeps contacting you.",
        }],
    },
    Group {
        heading: "If you did not agree to what someone did",
        lines: &[Line {
            name: "Rape and Sexual Abuse Support Line, run by Rape Crisis England & Wales",
            number: "0808 500 2222",
            about: "For anyone aged 16 or over, no matter how long ago. Open day and night.",
        }],
    },
    Group {
        heading: "Work and money",
        lines: &[
            Line {
                name: "Modern Slavery and Exploitation Helpline",
                number: "08000 121 700",
                about: "If someone makes you work, or keeps your pay or your passport.",
            },
            Line {
                name: "Report Fraud",
                number: "0300 123 2040",
                about: "To report a scam or an attack on your computer. If you lost money, call \
                    your bank first.",
            },
        ],
    },
    Group {
        heading: "Going to court",
        lines: &[Line {
            name: "Citizens Advice Witness Service",
            number: "0300 332 1000",
            about: "Free help before and on the day, for anyone who gives evidence.",
        }],
    },
];

/// National phone lines, what a call leaves behind, and help near the reader.
#[component]
pub fn ServicesPage(
    /// Who introduces the reader to help near home.
    hub: HubContact,
) -> impl IntoView {
    let groups = GROUPS.map(|group| {
        let lines: Vec<_> = group
            .lines
            .iter()
            .map(|line| {
                view! {
                    <li>
                        <strong>{line.name}</strong> ": "
                        <PhoneLink number=line.number/> ". " {line.about}
                    </li>
                }
            })
            .collect();
        view! {
            <h2 class="govuk-heading-m">{group.heading}</h2>
            <ul class="govuk-list govuk-list--spaced">{lines}</ul>
        }
    });
    view! {
        <Column>
            <h1 class="govuk-heading-xl">"People who can help"</h1>
            <p class="govuk-body-l">
                "You can call these lines from anywhere in England. They are not part of us."
            </p>
            <Danger/>
            <div class="govuk-inset-text">
                <p class="govuk-body">
                    "A call may show on a phone bill. It may also stay in the phone’s list of \
                    calls. If someone checks your phone, use another one."
                </p>
                <p class="govuk-body govuk-!-margin-bottom-0">
                    "Numbers that start 0800, 0808 or 116 are free. Numbers that start 03 cost the \
                    same as a call to a home phone."
                </p>
            </div>
            {groups}

            <h2 class="govuk-heading-m">"Help near you, face to face"</h2>
            <p class="govuk-body">
                "There are people near you who can help, too. We know them. Ask us and we will \
                introduce you. We only pass on your details if you say yes."
            </p>
            <p class="govuk-body">
                <a class="govuk-link" href="/support/new">"Ask us for help near you"</a>
            </p>

            <TalkToUs hub/>
        </Column>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::tests::{check, html, hub};
    use super::*;

    #[test]
    fn every_line_can_be_called_with_a_tap() {
        let page = html(|| view! { <ServicesPage hub=hub()/> });
        check(&page);
        for line in GROUPS.iter().flat_map(|group| group.lines) {
            let digits = line.number.replace(' ', "");
            assert!(page.contains(&format!("href=\"tel:{digits}\"")), "{}", line.name);
        }
    }

    #[test]
    fn numbers_are_well_formed_and_listed_once() {
        let mut seen = std::collections::BTreeSet::new();
        for line in GROUPS.iter().flat_map(|group| group.lines) {
            let digits = line.number.replace(' ', "");
            let short = digits == "116123" || digits == "08001111";
            assert!(short || digits.len() == 11, "{digits}");
            assert!(["0800", "0808", "0300", "116"].iter().any(|free| digits.starts_with(free)));
            assert!(seen.insert(digits), "{} twice", line.number);
        }
    }

    #[test]
    fn it_says_what_a_call_leaves_behind() {
        let page = html(|| view! { <ServicesPage hub=hub()/> });
        assert!(page.contains("phone bill") && page.contains("list of calls"));
        assert!(page.contains("introduce you"));
    }
}
