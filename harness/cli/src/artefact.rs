//! What to do with an artefact that was made for something else.

use etalon::unstable;
use etalon_adapters::SessionConfig;

/// Adds to the reason why an artefact cannot be run under these settings what would help; nothing if that is not known.
pub(crate) fn hint(bytes: &[u8], config: &SessionConfig) -> String {
    let Ok(about) = unstable::about_artefact(bytes) else { return String::new() };
    let name = |id: &str| id.split('@').next().unwrap_or_default().to_owned();
    let asked = config.gas.as_ref().map(|gas| gas.schedule.id().to_string());
    match (about.schedule, asked) {
        (Some(made), asked) if asked.as_ref() != Some(&made) => {
            format!("; run it with --schedule {}", name(&made))
        }
        (None, Some(asked)) => format!("; compile it with --schedule {}", name(&asked)),
        _ if config.time.is_some() && !about.interruptible => {
            "; compile it with --interruptible, or run it without --timeout".to_owned()
        }
        _ => String::new(),
    }
}
