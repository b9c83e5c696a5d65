//! Scripts at load: their texts, and whether Lua takes them.

use super::LIMITS;
use crate::lua::{Host, Lua, Reply, Value};
use crate::model::lab::{Lab, Source};
use crate::model::yaml::nearest;
use crate::model::{Place, Problem};
use crate::proxy::config::{
    Action, Choice, Config, FilterKind, LuaChoice, LuaCode, Native, NativeRoute, PerRoute, Script,
};
use crate::proxy::world::Contents;

/// Brings the text of every script, and tries each as Envoy's main thread does: it is compiled, and
/// what stands outside functions runs.
///
/// # Errors
/// A file that is not there; what Lua says of a script, at its own line.
pub(in crate::proxy) fn load_scripts(
    config: &mut Config,
    lab: &Lab,
    contents: &Contents,
) -> Result<Vec<Vec<u8>>, Problem> {
    let mut texts = Vec::new();
    let mut load = |script: &mut Script| {
        let text = text(script, lab, contents)?;
        check(&text, &script.place, lab.start_ns)?;
        script.number = texts.len();
        texts.push(text);
        Ok(())
    };
    for filter in &mut config.manager.filters {
        if let FilterKind::Native(Native::Lua(lua)) = &mut filter.kind {
            let named = lua.named.iter_mut().map(|(_, script)| script);
            lua.default
                .iter_mut()
                .chain(named)
                .try_for_each(&mut load)?;
        }
    }
    let routes = &mut config.manager.routes;
    of_routes(&mut routes.per_route, &mut load)?;
    for host in &mut routes.hosts {
        of_routes(&mut host.per_route, &mut load)?;
        for route in &mut host.routes {
            of_routes(&mut route.per_route, &mut load)?;
            if let Action::Forward(forward) = &mut route.action
                && let Choice::Weighted(list) = &mut forward.choice
            {
                for cluster in list {
                    of_routes(&mut cluster.per_route, &mut load)?;
                }
            }
        }
    }
    Ok(texts)
}

fn of_routes(
    place: &mut PerRoute,
    load: &mut dyn FnMut(&mut Script) -> Result<(), Problem>,
) -> Result<(), Problem> {
    for entry in &mut place.0 {
        if let Some(NativeRoute::Lua(route)) = &mut entry.config
            && let LuaChoice::Script(script) = &mut route.choice
        {
            load(script)?;
        }
    }
    Ok(())
}

/// A script's text; of one in a file the place becomes that of its text.
fn text(script: &mut Script, lab: &Lab, contents: &Contents) -> Result<Vec<u8>, Problem> {
    let path = match &script.code {
        LuaCode::Text(text) => return Ok(text.as_bytes().to_vec()),
        LuaCode::File(path) => path,
    };
    let (Some(bytes), Some(file)) = (contents.get(path), lab.files.get(path)) else {
        let files = lab.files.keys().map(String::as_str);
        let help = match nearest(path, files) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Add it to `files`: {path}: {{text: …}}."),
        };
        return Err(Problem::at(
            &script.place,
            format!("there is no file `{path}`"),
            help,
        ));
    };
    script.place = match (&file.text, &file.source) {
        (Some(place), _) => place.clone(),
        (None, Source::Path(path)) => Place {
            file: path.clone(),
            line: 1,
            column: 1,
        },
        _ => file.place.clone(),
    };
    Ok(bytes.to_vec())
}

fn check(text: &[u8], place: &Place, start_ns: u64) -> Result<(), Problem> {
    let mut host = Loading {
        printed: Vec::new(),
        seconds: start_ns as f64 / 1e9,
    };
    new_state(0).exec(text, &mut host).map_err(|failure| {
        let mut place = place.clone();
        place.line += failure.line.max(1) - 1;
        let help = match failure.limit {
            None => "Envoy refuses a configuration whose script does not load.".to_owned(),
            Some(limit) => {
                format!("What stands outside functions has hit the simulator's limit of {limit}.")
            }
        };
        Problem::at(
            &place,
            format!("script load error: {}", failure.message),
            help,
        )
    })
}

/// A state with what Envoy adds to the globals.
pub(super) fn new_state(seed: u64) -> Lua {
    let mut lua = Lua::new(LIMITS, seed);
    let resolutions = lua.table();
    for (name, number) in [("MILLISECOND", 0.0), ("MICROSECOND", 1.0)] {
        let key = lua.string(name.as_bytes());
        lua.set(resolutions, key, Value::Num(number));
    }
    lua.set_global("EnvoyTimestampResolution", Value::Table(resolutions));
    lua
}

/// The world of a script that is loaded: there is nothing but what it prints.
pub(super) struct Loading {
    pub(super) printed: Vec<Vec<u8>>,
    pub(super) seconds: f64,
}

impl Host for Loading {
    fn method(&self, _: u32, _: &[u8]) -> Option<&'static str> {
        None
    }

    fn call(&mut self, _: &mut Lua, _: u32, _: &'static str, _: &[Value]) -> Result<Reply, String> {
        Err("object used outside of proper scope".to_owned())
    }

    fn print(&mut self, line: &[u8]) {
        // What is printed for ever ends with the run's instructions.
        if self.printed.len() < 1000 {
            self.printed.push(line.to_vec());
        }
    }

    fn seconds(&self) -> f64 {
        self.seconds
    }
}
