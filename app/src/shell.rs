//! The document around a page: head, skip link, header, exit, main, footer. Scripts only where the
//! page needs them; no inline script or style anywhere.

use crate::domain::staff::HubPage;
use crate::govuk::text::PageTitle;
use crate::paths;
use leptos::prelude::*;

/// Names of the built files, known at start. Absent only when the site was not built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetNames {
    pub public_css: Option<String>,
    pub hub_css: Option<String>,
    pub public_js: Option<String>,
    pub public_wasm: Option<String>,
    pub hub_js: Option<String>,
    pub hub_wasm: Option<String>,
    pub boot_js: Option<String>,
    pub exit_js: Option<String>,
    pub left_open_js: Option<String>,
    pub passkey_js: Option<String>,
}

/// Whose page it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// Anybody.
    Public,
    /// The person who signed in.
    Person { unread: usize },
    /// The hub's staff, by name.
    Staff { name: String, pages: Vec<HubPage> },
    /// The hub's sign-in page.
    StaffDoor,
}

#[derive(Clone, Debug)]
pub struct Frame {
    /// Neutral: it stands in the browser's history. Never what happened to anyone.
    pub title: String,
    pub area: Area,
    pub assets: AssetNames,
    /// Does the page hold an island? Without one it loads no wasm.
    pub islands: bool,
    /// For a page that makes or uses a passkey, or offers to.
    pub passkey_script: Option<String>,
    /// The page shows errors.
    pub problem: bool,
    /// Where "Exit this page" leads.
    pub exit_to: String,
    /// The database holds invented people.
    pub demo: bool,
    /// The path of the page, to mark it in the navigation.
    pub here: String,
    /// Seconds after which the session of a page that is left open has run out: then it is taken away.
    pub idle: Option<i64>,
}

/// The page goes a moment after the session, not before it.
const AFTER_THE_END: i64 = 5;

const SERVICE: &str = "Support and updates";

#[component]
pub fn Shell(frame: Frame, children: Children) -> impl IntoView {
    let staff = matches!(frame.area, Area::Staff { .. } | Area::StaffDoor);
    let exit = matches!(frame.area, Area::Person { .. } | Area::Public);
    let title = format!("{}{} – {SERVICE}", if frame.problem { "Error: " } else { "" }, frame.title);
    let stylesheet = if staff { frame.assets.hub_css.clone() } else { frame.assets.public_css.clone() };
    let (glue, wasm) = if staff {
        (frame.assets.hub_js.clone(), frame.assets.hub_wasm.clone())
    } else {
        (frame.assets.public_js.clone(), frame.assets.public_wasm.clone())
    };
    let boot = frame.islands.then(|| frame.assets.boot_js.clone().zip(glue).zip(wasm)).flatten();
    let exit_script = exit.then(|| frame.assets.exit_js.clone()).flatten();
    let main_class = if staff { "govuk-main-wrapper hub-main" } else { "govuk-main-wrapper" };
    view! {
        <!DOCTYPE html>
        <html lang="en" class="govuk-template">
            <head>
                <meta charset="utf-8"/>
                <PageTitle text=title/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="theme-color" content="#1d3c45"/>
                <meta name="format-detection" content="telephone=no"/>
                // Without scripts; with them `public/left-open.js` warns first.
                {frame.idle.map(|seconds| view! {
                    <noscript><meta http-equiv="refresh" content=format!("{};url={}", seconds + AFTER_THE_END, paths::SIGN_IN)/></noscript>
                })}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {stylesheet.map(|href| view! { <link rel="stylesheet" href=href/> })}
                {exit_script.map(|src| view! { <script src=src defer></script> })}
                {frame.idle.zip(frame.assets.left_open_js.clone()).map(|(seconds, src)| view! {
                    <script src=src defer data-idle=seconds data-door=paths::SIGN_IN data-stay=paths::SUPPORT></script>
                })}
                {frame.passkey_script.clone().map(|src| view! { <script src=src defer></script> })}
                {boot.map(|((boot, glue), wasm)| view! {
                    <link rel="modulepreload" href=glue.clone()/>
                    <script type="module" src=boot data-glue=glue data-wasm=wasm></script>
                })}
            </head>
            <body class="govuk-template__body">
                <a href="#main" class="govuk-skip-link">"Skip to main content"</a>
                {exit.then(|| view! { <ExitLink to=frame.exit_to.clone()/> })}
                {frame.demo.then(|| view! {
                    <p class="portal-demo">"Demonstration. Every person here is invented. Do not enter real details."</p>
                })}
                <Header area=frame.area.clone() here=frame.here.clone()/>
                <div class="govuk-width-container">
                    <main class=main_class id="main">{children()}</main>
                </div>
                {(!staff).then(|| view! { <Footer/> })}
            </body>
        </html>
    }
}

/// Works as a plain link; with script it also blanks the page at once, and Shift three times does
/// the same.
#[component]
fn ExitLink(to: String) -> impl IntoView {
    view! {
        <div class="govuk-exit-this-page portal-exit">
            <a
                href=paths::EXIT
                role="button"
                draggable="false"
                class="govuk-button govuk-button--warning govuk-exit-this-page__button"
                rel="nofollow noreferrer"
                data-exit=to
            >
                <span class="govuk-visually-hidden">"Emergency "</span>
                "Exit this page"
            </a>
        </div>
    }
}

fn page_name(page: HubPage) -> &'static str {
    match page {
        HubPage::Queue => "Queue",
        HubPage::People => "People",
        HubPage::Openings => "Openings",
        HubPage::Access => "Access",
    }
}

#[component]
fn Header(area: Area, here: String) -> impl IntoView {
    let front = match &area {
        Area::Person { .. } => paths::HOME,
        Area::Staff { pages, .. } => pages.first().map_or(paths::HUB, |page| paths::hub_page(*page)),
        Area::StaffDoor => paths::HUB_SIGN_IN,
        Area::Public => paths::FRONT,
    };
    let name = if matches!(area, Area::Staff { .. } | Area::StaffDoor) { "Hub" } else { SERVICE };
    let link = move |href: &'static str, text: String| {
        let active = here == href;
        let class = if active { "portal-nav__item portal-nav__item--active" } else { "portal-nav__item" };
        view! { <li class=class><a class="portal-nav__link" href=href aria-current=active.then_some("page")>{text}</a></li> }
    };
    let sign_out = |action: &'static str| {
        view! {
            <li class="portal-nav__item">
                <form method="post" action=action>
                    <button type="submit" class="portal-nav__button">"Sign out"</button>
                </form>
            </li>
        }
    };
    let navigation = match area {
        Area::Person { unread } => {
            let home = if unread == 0 { "Home".to_owned() } else { format!("Home ({unread} new)") };
            view! {
                <nav class="portal-nav" aria-label="Menu">
                    <ul class="portal-nav__list">
                        {link(paths::HOME, home)}
                        {link(paths::SUPPORT, "Ask for support".into())}
                        {link(paths::CONTACT, "How we contact you".into())}
                        {link(paths::SECURITY, "Keep it safe".into())}
                        {link(paths::HELP, "Get help".into())}
                        {sign_out(paths::SIGN_OUT)}
                    </ul>
                </nav>
            }
            .into_any()
        }
        Area::Staff { name, pages } => view! {
            <nav class="portal-nav" aria-label="Menu">
                <ul class="portal-nav__list">
                    {pages.into_iter().map(|page| link(paths::hub_page(page), page_name(page).into())).collect::<Vec<_>>()}
                    <li class="portal-nav__item portal-nav__who"><a class="portal-nav__link" href=paths::HUB_PASSWORD>{name}<span class="govuk-visually-hidden">": your password"</span></a></li>
                    {sign_out(paths::HUB_SIGN_OUT)}
                </ul>
            </nav>
        }
        .into_any(),
        Area::Public => view! {
            <nav class="portal-nav" aria-label="Menu">
                <ul class="portal-nav__list">
                    {link(paths::SIGN_IN, "Sign in".into())}
                    {link(paths::SUPPORT_NEW, "Ask for support".into())}
                    {link(paths::HELP, "Get help".into())}
                </ul>
            </nav>
        }
        .into_any(),
        Area::StaffDoor => ().into_any(),
    };
    view! {
        <header class="portal-header">
            <div class="govuk-width-container portal-header__container">
                <a href=front class="portal-header__name">{name}</a>
                {navigation}
            </div>
        </header>
    }
}

#[component]
fn Footer() -> impl IntoView {
    view! {
        <footer class="portal-footer">
            <div class="govuk-width-container">
                <p class="govuk-body-s">
                    "In danger now? Call " <a class="govuk-link" href="tel:999">"999"</a>
                    ". If you cannot speak, call 999 on a mobile and press 55."
                </p>
                <ul class="portal-footer__list">
                    <li><a class="govuk-link" href=paths::HELP>"Get help"</a></li>
                    <li><a class="govuk-link" href=paths::RIGHTS>"Your rights"</a></li>
                    <li><a class="govuk-link" href=paths::SERVICES>"Support services"</a></li>
                    <li><a class="govuk-link" href=paths::PRIVACY>"Privacy"</a></li>
                    <li><a class="govuk-link" href=paths::ACCESSIBILITY>"Accessibility"</a></li>
                </ul>
                <p class="govuk-body-s">
                    "Contains public sector information licensed under the Open Government Licence v3.0."
                </p>
            </div>
        </footer>
    }
}
