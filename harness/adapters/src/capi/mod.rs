//! A shared library with `wasm.h` as an engine of this process: `capi:PATH?setting=value`.

mod library;
mod session;
mod small;

use crate::adapter::{Adapter, AdapterError, Opened, Prepared, Session, SessionConfig};
use crate::outcome::{Outcome, Rejection};
use crate::remote::{Facts, none};
use etalon::Features;
use etalon_record::EngineInfo;
use library::{Library, Store};
pub(crate) use library::{answers, give_back};
use serde::Deserialize;
use session::CapiSession;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The settings that libraries have beyond the header: the function that sets each, and the numbers of its values.
static SETTINGS: LazyLock<BTreeMap<String, Setting>> =
    LazyLock::new(|| toml::from_str(include_str!("../../engines/capi.toml")).unwrap_or_default());

#[derive(Debug, Deserialize)]
struct Setting {
    /// The functions, the first of which that the library has is called.
    function: String,
    values: BTreeMap<String, u64>,
}

/// A library, loaded.
pub(crate) struct Capi {
    name: String,
    library: Arc<Library>,
}

/// A module that the library has accepted.
pub(crate) struct CapiModule {
    pub(crate) wasm: Vec<u8>,
    pub(crate) facts: Facts,
}

impl Capi {
    /// Loads the library at a path.
    pub(crate) fn load(
        name: &str,
        path: &str,
        settings: &BTreeMap<&str, &str>,
    ) -> Result<Capi, AdapterError> {
        let failed = |reason: String| AdapterError { engine: name.to_owned(), reason };
        let mut numbers = Vec::new();
        for (key, value) in settings {
            let known = || SETTINGS.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let setting = SETTINGS.get(*key);
            let setting = setting
                .ok_or_else(|| failed(format!("no setting {key}; there are {}", known())))?;
            let values =
                || setting.values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let number = setting.values.get(*value).ok_or_else(|| {
                failed(format!("{value:?} is no value of {key}; there are {}", values()))
            })?;
            numbers.push((setting.function.clone(), *number));
        }
        let library = Library::open(path, &numbers).map_err(failed)?;
        Ok(Capi { name: name.to_owned(), library })
    }
}

impl Adapter for Capi {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(&self.name, "")
    }

    fn features(&self) -> Features {
        none()
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn open(&self, _: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        Ok(Box::new(CapiOpened { name: self.name.clone(), library: Arc::clone(&self.library) }))
    }
}

struct CapiOpened {
    name: String,
    library: Arc<Library>,
}

impl CapiOpened {
    fn store(&self) -> Result<Store, Outcome> {
        let none = || Outcome::HostError("the library makes no store".to_owned());
        Store::new(&self.library).ok_or_else(none)
    }
}

impl Opened for CapiOpened {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        self.validate(wasm)?;
        let (wasm, facts) = (wasm.to_vec(), Facts::of(wasm));
        Ok(Prepared::new(CapiModule { wasm, facts }))
    }

    fn validate(&self, wasm: &[u8]) -> Result<(), Outcome> {
        match self.store()?.validate(wasm) {
            true => Ok(()),
            false => {
                let text = "the library does not accept it, and gives no reason";
                Err(Outcome::Rejected(Rejection::MalformedOrInvalid(text.into())))
            }
        }
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        let store = self.store().map_err(|_| AdapterError {
            engine: self.name.clone(),
            reason: "the library makes no store".to_owned(),
        })?;
        Ok(Box::new(CapiSession::new(store)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_settings_is_readable() {
        assert!(SETTINGS.len() > 5);
        for setting in SETTINGS.values() {
            assert!(setting.function.ends_with("_set") && setting.values.len() > 1);
        }
    }

    #[test]
    fn what_cannot_be_loaded_is_told() {
        let refused = |path: &str, settings: &[(&str, &str)]| {
            let settings = settings.iter().copied().collect();
            Capi::load("capi", path, &settings).err().map(|e| e.reason).unwrap_or_default()
        };
        assert!(refused("/no/such/library.so", &[]).contains("/no/such/library.so"));
        assert!(refused("x", &[("colour", "red")]).starts_with("no setting colour; there are"));
        assert!(refused("x", &[("opt_level", "9")]).contains("there are none, speed"));
    }
}
