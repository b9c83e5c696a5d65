//! How the hosts of the profiles take a module.

use crate::abi::callback;
use crate::host::profile::{Change, PROFILES, Profile};
use crate::model::doctor::{Findings, HostVerdict};

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
    for name in profile.callbacks {
        let exported = findings.exports.iter().any(|export| export.name == **name);
        if exported && callback(name).is_some() {
            differences.push(format!("{name} is never called"));
        }
    }
    HostVerdict {
        host: profile.name.to_owned(),
        about: profile.about.to_owned(),
        loads,
        differences,
    }
}
