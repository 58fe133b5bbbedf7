//! The engines: their versions and parts, and what the agreement of two proves.

use std::collections::BTreeSet;

use etalon_record::{EngineInfo, SharedRole, Sharing, shared_parts};
use maud::{Markup, html};

use super::frame::shown;
use crate::across::Across;
use crate::text::list;
use crate::view::{View, pairs};

/// How many differences of engines are listed.
const MAX_ENTRIES: usize = 100;

/// Every engine, then every pair of engines.
pub(super) fn engines(view: &View<'_>) -> Markup {
    of(&view.record.engines)
}

/// The same of any record.
pub(super) fn of(engines: &[EngineInfo]) -> Markup {
    html! {
        section #engines {
            h2 { "Engines" }
            @if engines.is_empty() { p { "The record does not describe its engines." } }
            div.cards { @for engine in engines { (card(engine)) } }
            @let pairs = pairs(engines);
            @if !pairs.is_empty() {
                h3 #agreement { "What their agreement proves" }
                @for (first, second) in pairs { (pair(first, second)) }
            }
        }
    }
}

/// The engines of all architectures: each once, as the first of them describes it, and where others differ.
pub(super) fn across(across: &Across<'_>) -> Markup {
    let mut engines: Vec<EngineInfo> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for view in &across.views {
        let record = view.record;
        for engine in &record.engines {
            match engines.iter().find(|other| other.name == engine.name) {
                None => engines.push(engine.clone()),
                Some(first) => others.extend(
                    apart(first, engine)
                        .map(|what| format!("{}: {} {what}", record.arch, engine.name)),
                ),
            }
        }
    }
    html! {
        (of(&engines))
        @if !others.is_empty() {
            section {
                h3 { "Engines that are not the same everywhere" }
                ul { @for other in others.iter().take(MAX_ENTRIES) { li { (shown(other)) } } }
            }
        }
    }
}

/// In what an engine differs from one of the same name.
fn apart(first: &EngineInfo, other: &EngineInfo) -> Option<String> {
    let mut what = Vec::new();
    for (name, first, other) in [
        ("lacks", &first.features, &other.features),
        ("has beside", &other.features, &first.features),
    ] {
        let other: BTreeSet<&String> = other.iter().collect();
        let rest: Vec<&str> =
            first.iter().filter(|name| !other.contains(name)).map(String::as_str).collect();
        if !rest.is_empty() {
            what.push(format!("{name} {}", list(&rest)));
        }
    }
    if first.version != other.version {
        what.push(format!("is {} and not {}", other.version, first.version));
    }
    if first.parts != other.parts {
        what.push("is built of other parts".to_owned());
    }
    if first.settings != other.settings {
        what.push("has other settings".to_owned());
    }
    (!what.is_empty()).then(|| what.join(", "))
}

fn card(engine: &EngineInfo) -> Markup {
    html! {
        article {
            h3 { (shown(&engine.name)) " " small { (shown(&engine.version)) } }
            @if engine.parts.is_empty() {
                p.hint { "Parts not known." }
            } @else {
                dl { @for part in &engine.parts { div { dt { (shown(&part.role)) } dd { (shown(&part.by)) } } } }
            }
            @if !engine.settings.is_empty() {
                h4 { "settings" }
                dl { @for (name, value) in &engine.settings { div { dt { (shown(name)) } dd { (shown(value)) } } } }
            }
            @if !engine.features.is_empty() {
                h4 { "features" }
                p.features { @for feature in &engine.features { span { (shown(feature)) } " " } }
            }
        }
    }
}

fn pair(first: &EngineInfo, second: &EngineInfo) -> Markup {
    let parts = shared_parts(first, second);
    html! {
        details.pair {
            summary {
                b { (shown(&first.name)) " and " (shown(&second.name)) } " "
                span { (shown(&parts.conclusion())) }
            }
            div.scroll tabindex="0" role="group" aria-label="Parts of the two engines" {
                table {
                    thead {
                        tr { th { "part" } th { (shown(&first.name)) } th { (shown(&second.name)) } th { "a fault in it" } }
                    }
                    tbody { @for role in &parts.roles { (role_row(role)) } }
                }
            }
        }
    }
}

fn role_row(role: &SharedRole) -> Markup {
    let (class, sign, meaning) = match role.sharing {
        Sharing::Separate | Sharing::OnlyFirst | Sharing::OnlySecond => ("passed", "✓", "shows"),
        Sharing::OtherVersion => ("skipped", "○", "may be in both versions"),
        Sharing::NotCompared => ("unsupported", "⊘", "is not looked for: not compared"),
        Sharing::Shared => ("failed", "=", "shows in neither: shared"),
    };
    let by = |name: &Option<String>| name.as_deref().map_or_else(|| "–".to_owned(), shown);
    html! {
        tr {
            td { (shown(&role.role)) }
            td { (by(&role.first)) }
            td { (by(&role.second)) }
            td { span.symbol.(class) { (sign) } " " (meaning) }
        }
    }
}
