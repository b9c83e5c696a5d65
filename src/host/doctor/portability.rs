//! How the hosts of the profiles take a module.

use crate::abi::callback;
use crate::host::profile::{Change, PROFILES, Profile};
use crate::model::doctor::{Findings, HostVerdict, Import};

/// One verdict for each profile.
pub(super) fn verdicts(findings: &Findings) -> Vec<HostVerdict> {
    PROFILES
        .iter()
        .map(|profile| verdict(profile, findings))
        .collect()
}

fn verdict(profile: &Profile, findings: &Findings) -> HostVerdict {
    let mut loads = findings.loads;
    let mut differences = Vec::new();
    for import in &findings.imports {
        let Some(change) = profile.change(&import.name) else {
            continue;
        };
        let name = &import.name;
        differences.push(match change {
            Change::Absent => {
                loads = false;
                format!("{name} is not there: the module does not load")
            }
            Change::Unimplemented => format!("{name} answers Unimplemented"),
            Change::Ignored => format!("{name} does nothing"),
        });
    }
    for name in profile.callbacks.iter().copied().flatten() {
        let exported = findings.exports.iter().any(|export| export.name == **name);
        if exported && callback(name).is_some() {
            differences.push(format!("{name} is never called"));
        }
    }
    let memory = findings.memory_pages * 64 * 1024;
    if let Some(limit) = profile.memory_bytes.filter(|limit| memory > *limit) {
        loads = false;
        let (has, may) = (memory >> 20, limit >> 20);
        differences.push(format!(
            "it begins with {has} MiB of memory and a little, where {may} MiB are given: it does not start"
        ));
    }
    let reads = |import: &Import| import.name == "proxy_get_property";
    if let (Some(known), true) = (profile.properties, findings.imports.iter().any(reads)) {
        let known = known.join(", ");
        differences.push(format!("proxy_get_property finds {known} alone"));
    }
    HostVerdict {
        host: profile.name.to_owned(),
        about: profile.about.to_owned(),
        loads,
        differences,
    }
}
