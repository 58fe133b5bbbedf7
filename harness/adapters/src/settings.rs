//! Settings in the names of engines: `jit?gc=stress&opt=none`.

use crate::adapter::AdapterError;
use etalon::{CpuLevel, Nans, OptLevel, Tier, TierUp, UnknownCpuLevel};
use std::collections::BTreeMap;

/// Settings of a tier of ours that its name says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// How hard the compiler tries.
    pub(crate) opt: OptLevel,
    /// Which features of the processor compiled code may use.
    pub(crate) cpu: CpuLevel,
    /// Whether compiled code compares the address of each access with the length of the memory.
    pub(crate) explicit_bounds: bool,
    /// Whether the heap is collected before every allocation.
    pub(crate) gc_stress: bool,
    /// Whether gas is not charged, even if the others charge it.
    pub(crate) unmetered: bool,
    /// Which NaNs compiled code gives.
    pub(crate) nans: Nans,
    /// Whether each memory asks the system for its address space.
    pub(crate) unpooled: bool,
    /// Whether ranges of the memories that instances export are protected.
    pub(crate) regions: bool,
    /// After how many entries and turns of loops `auto` compiles a function, and after how many more for speed.
    pub(crate) hot: Option<u32>,
    /// Whether `auto` compiles where the count runs out, and not in the background.
    pub(crate) sync: Option<bool>,
}

/// Where `auto` is judged, a function's first call is interpreted, the next two run in code that counts, and the fourth in fast code: so
/// each tier has its share, and each change its turn.
const JUDGED: TierUp = TierUp::new().baseline_after(1).speed_after(2).background(false);

/// The settings of our tiers, as messages list them.
pub const SETTINGS: &str = "bounds=explicit, cpu=LEVEL, gc=stress, hot=COUNT, metering=off, nans=any, opt=none, opt=size, opt=speed, pool=off, regions=on, sync=off, sync=on";

/// What stands before the `?` in the name of an engine, and the settings behind it.
///
/// # Errors
/// If what stands there is no list of settings, each of another name.
pub(crate) fn parts(name: &str) -> Result<(&str, BTreeMap<&str, &str>), AdapterError> {
    let Some((engine, query)) = name.split_once('?') else { return Ok((name, BTreeMap::new())) };
    let wrong = |reason: String| AdapterError { engine: engine.to_owned(), reason };
    let mut settings = BTreeMap::new();
    for setting in query.split('&') {
        let Some((key, value)) = setting.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(wrong(format!("{setting:?} is no setting of the form NAME=VALUE")));
        };
        if settings.insert(key, value).is_some() {
            return Err(wrong(format!("the setting {key} is there twice")));
        }
    }
    Ok((engine, settings))
}

impl Settings {
    /// Reads the settings of a tier of ours.
    pub(crate) fn read(
        engine: &str,
        compiles: bool,
        settings: &BTreeMap<&str, &str>,
    ) -> Result<Settings, AdapterError> {
        let mut read = Settings::default();
        for (key, value) in settings {
            let wrong = |what: String| AdapterError { engine: engine.to_owned(), reason: what };
            match (*key, *value) {
                ("gc", "stress") => read.gc_stress = true,
                ("metering", "off") => read.unmetered = true,
                ("pool", "off") => read.unpooled = true,
                ("regions", "on") => read.regions = true,
                ("hot" | "sync", _) if engine != "auto" => {
                    return Err(wrong(format!("it compiles nothing later: only auto has {key}")));
                }
                ("hot", count) => {
                    let count = count.parse().ok().filter(|count| *count > 0);
                    let count = count.ok_or_else(|| wrong("hot is no count from 1 on".to_owned()));
                    read.hot = Some(count?);
                }
                ("sync", "off") => read.sync = Some(false),
                ("sync", "on") => read.sync = Some(true),
                ("bounds" | "cpu" | "nans" | "opt", _) if !compiles => {
                    let what = format!("it compiles nothing, so there is nothing to set by {key}");
                    return Err(wrong(what));
                }
                ("bounds", "explicit") => read.explicit_bounds = true,
                ("cpu", level) => {
                    read.cpu = level.parse().map_err(|e: UnknownCpuLevel| wrong(e.to_string()))?;
                }
                ("nans", "any") => read.nans = Nans::Any,
                ("opt", "none") => read.opt = OptLevel::None,
                ("opt", "size") => read.opt = OptLevel::Size,
                ("opt", "speed") => read.opt = OptLevel::Speed,
                _ => return Err(wrong(format!("no setting {key}={value}; there are {SETTINGS}"))),
            }
        }
        Ok(read)
    }

    /// When `auto` compiles functions: where it is judged as soon as it can, and by counts alone.
    pub(crate) fn tier_up(self, embedded: bool) -> TierUp {
        let background = self.sync.map_or(embedded, |sync| !sync);
        let usual = if background { TierUp::new() } else { JUDGED };
        match self.hot {
            Some(hot) => usual.baseline_after(hot).speed_after(hot),
            None => usual,
        }
    }

    /// The settings that are not as usual, as records have them.
    pub(crate) fn names(self) -> BTreeMap<String, String> {
        let opt = match self.opt {
            OptLevel::None => Some("none"),
            OptLevel::Size => Some("size"),
            OptLevel::Speed => None,
        };
        let bounds = self.explicit_bounds.then_some("explicit");
        let cpu = (self.cpu != CpuLevel::Native).then(|| self.cpu.name());
        let gc = self.gc_stress.then_some("stress");
        let metering = self.unmetered.then_some("off");
        let nans = (self.nans == Nans::Any).then_some("any");
        let pool = self.unpooled.then_some("off");
        let regions = self.regions.then_some("on");
        let hot = self.hot.map(|count| count.to_string());
        let sync = self.sync.map(|sync| if sync { "on" } else { "off" });
        let all = [
            ("bounds", bounds),
            ("cpu", cpu),
            ("gc", gc),
            ("hot", hot.as_deref()),
            ("metering", metering),
            ("nans", nans),
            ("opt", opt),
            ("pool", pool),
            ("regions", regions),
            ("sync", sync),
        ];
        all.into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect()
    }
}

/// A name with its settings.
pub(crate) fn with_settings(name: &str, settings: &BTreeMap<String, String>) -> String {
    let list: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    match list.is_empty() {
        true => name.to_owned(),
        false => format!("{name}?{}", list.join("&")),
    }
}

/// Whether a tier makes machine code.
pub(crate) fn compiles(tier: Tier) -> bool {
    matches!(tier, Tier::Jit | Tier::Aot | Tier::Auto)
}
