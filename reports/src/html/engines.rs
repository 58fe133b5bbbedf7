//! The engines: their versions and parts, and what the agreement of two proves.

use etalon_record::{EngineInfo, SharedRole, Sharing, shared_parts};
use maud::{Markup, html};

use super::frame::shown;
use crate::view::{View, pairs};

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
            div.scroll {
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
