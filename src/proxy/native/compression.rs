//! The compressor and the decompressor: bodies that become gzip on their way, or cease to be it.
//!
//! Each piece of a body is worked on when it passes and goes on at once: nothing is held back.

use super::record::Change;
use super::{At, NativeStream};
use crate::proxy::attribute::joined;
use crate::proxy::config::{
    Compressible, Compressor, CompressorRoute, Decompressible, Decompressor, FilterKind, Native,
    NativeRoute,
};
use crate::proxy::gzip::{Deflater, Inflater};
use crate::proxy::iterate::Verdict;
use crate::proxy::shared::Shared;
use crate::proxy::task::{Direction, Part};

/// What is kept on a stream.
#[derive(Default)]
pub(in crate::proxy) struct Coding {
    /// What the client accepts, as the compressor has found it.
    accepts: Option<String>,
    request: Option<Coder>,
    response: Option<Coder>,
}

enum Coder {
    Deflate(Deflater),
    /// With the bytes that have come, and those that were made of them.
    Inflate(Inflater, [u64; 2]),
}

impl std::fmt::Debug for Coding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coding").finish_non_exhaustive()
    }
}

impl Coding {
    fn of(&mut self, direction: Direction) -> &mut Option<Coder> {
        match direction {
            Direction::Decode => &mut self.request,
            Direction::Encode => &mut self.response,
        }
    }
}

/// What `accept-encoding` comes to, in the words of the compressor's stats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Gzip,
    Any,
    Identity,
    NotValid,
}

/// Chooses between gzip, where there is a compressor for it, and the body as it is. `gzip` says
/// whether of equal wishes gzip is taken.
fn wish(accepts: &str, gzip: Option<bool>) -> Wish {
    let mut gzip = gzip;
    let mut wishes = Vec::new();
    for token in accepts.split(',').filter(|token| !token.is_empty()) {
        let (name, parameters) = token.split_once(';').unwrap_or((token, ""));
        let name = name.trim();
        let mut weight = 1.0;
        if let Some((key, value)) = parameters.split_once('=')
            && key.trim().eq_ignore_ascii_case("q")
        {
            let Ok(value) = value.trim().parse::<f32>() else {
                continue;
            };
            weight = value;
        }
        wishes.push((name, weight));
        if weight == 0.0 && name == "gzip" {
            gzip = None;
        }
    }
    let Some(first) = gzip else {
        return Wish::NotValid;
    };
    let mut chosen = ("identity", 0.0);
    for (name, weight) in wishes {
        let ours = ["gzip", "identity", "*"].contains(&name);
        if ours && (weight > chosen.1 || weight == chosen.1 && name == "gzip" && first) {
            chosen = (name, weight);
        }
    }
    match chosen {
        (_, weight) if weight <= 0.0 => Wish::NotValid,
        ("gzip", _) => Wish::Gzip,
        ("*", _) => Wish::Any,
        _ => Wish::Identity,
    }
}

/// Whether a list has a token, in any case.
fn has_token(list: &str, token: &str) -> bool {
    let mut tokens = list.split(',').map(str::trim);
    tokens.any(|found| found.eq_ignore_ascii_case(token))
}

impl Shared {
    /// A part of either direction at the compressor.
    pub(super) fn compress(
        &mut self,
        at: At,
        config: &Compressor,
        direction: Direction,
        part: &mut Part,
        end: bool,
    ) -> Verdict {
        match part {
            Part::Headers if direction == Direction::Decode => {
                self.compress_request(at, config, end)
            }
            Part::Headers => self.compress_response(at, config, end),
            Part::Data(bytes) => self.code(at, direction, bytes, end),
            // The end of a body before trailers follows in `compressed_end`.
            Part::Trailers => {}
        }
        Verdict::Continue
    }

    fn compress_request(&mut self, at: At, config: &Compressor, end: bool) {
        let coding = Coding {
            accepts: self.coding_header(at, Direction::Decode, "accept-encoding"),
            ..Coding::default()
        };
        *self.native_state(at) = NativeStream::Coding(Box::new(coding));
        let route = self.compressor_route(at);
        let on = route.on.unwrap_or(config.response.enabled);
        let (direction, remove) = (Direction::Decode, Change::Remove);
        if on && route.removes.unwrap_or(config.removes) {
            self.native_change(at, direction, remove, "accept-encoding", b"");
        }
        let prefix = format!("compressor.{}.gzip.request.", config.library);
        let compresses = !end
            && config.request.enabled
            && self.long_enough(at, direction, &config.request, &prefix)
            && self.kind_fits(at, direction, &config.request)
            && self
                .coding_header(at, direction, "content-encoding")
                .is_none();
        if compresses {
            self.compress_from_here(at, direction, config);
        }
        self.native_count(&(prefix + counted(compresses)));
    }

    fn compress_response(&mut self, at: At, config: &Compressor, end: bool) {
        let encode = Direction::Encode;
        let on = self.compressor_route(at).on;
        let on = on.unwrap_or(config.response.enabled);
        let common = format!("compressor.{}.gzip.", config.library);
        let named = if config.named { "response." } else { "" };
        let prefix = format!("{common}{named}");
        let looks = on && self.long_enough(at, encode, &config.response, &prefix);
        let status = self.coding_header(at, encode, ":status");
        let status = status.and_then(|status| status.parse::<u32>().ok());
        let etag = self.coding_header(at, encode, "etag");
        let can = looks
            && !status.is_some_and(|status| config.not_of.contains(&status))
            && self.kind_fits(at, encode, &config.response)
            && !self.keeps_its_form(at, encode)
            && {
                let refused = config.not_with_etag && etag.is_some();
                if refused {
                    self.native_count(&format!("{common}not_compressed_etag"));
                }
                !refused
            }
            && self.coding_header(at, encode, "content-encoding").is_none();
        let compresses = !end && looks && self.is_wished(at, &common) && can && {
            let coded = self.coding_header(at, encode, "transfer-encoding");
            let coded = coded.unwrap_or_default();
            let codings = ["gzip", "br", "deflate", "compress", "zstd"];
            !codings.iter().any(|coding| has_token(&coded, coding))
        };
        if compresses {
            let weak = |etag: &str| etag.get(..2).is_some_and(|e| e.eq_ignore_ascii_case("w/"));
            let strong = |etag: &String| etag.len() >= 2 && !weak(etag);
            if etag.as_ref().is_some_and(strong) {
                self.native_change(at, encode, Change::Remove, "etag", b"");
            }
            self.compress_from_here(at, encode, config);
        }
        self.native_count(&(prefix + counted(compresses)));
        if can {
            self.add_vary(at);
        }
    }

    /// The headers of a body that will be compressed.
    fn compress_from_here(&mut self, at: At, direction: Direction, config: &Compressor) {
        self.native_change(at, direction, Change::Remove, "content-length", b"");
        let (name, set) = ("content-encoding", Change::Replace);
        self.native_change(at, direction, set, name, b"gzip");
        if let NativeStream::Coding(coding) = self.native_state(at) {
            *coding.of(direction) = Some(Coder::Deflate(Deflater::new(config.effort)));
        }
    }

    /// Whether the client wishes for gzip.
    fn is_wished(&mut self, at: At, common: &str) -> bool {
        let NativeStream::Coding(coding) = self.native_state(at) else {
            // Its request never came this far: an earlier filter has answered.
            self.native_count(&format!("{common}no_accept_header"));
            return false;
        };
        let Some(accepts) = coding.accepts.clone() else {
            self.native_count(&format!("{common}no_accept_header"));
            return false;
        };
        let config = self.config.clone();
        let kind = self.kind(at, Direction::Encode);
        let filters = config.manager.filters.iter().enumerate();
        let mut compressors = filters.filter_map(|(index, filter)| match &filter.kind {
            FilterKind::Native(Native::Compressor(other)) => Some((index, other)),
            _ => None,
        });
        let first = compressors.find(|(index, other)| {
            let fits = kind
                .as_deref()
                .is_none_or(|kind| kind.is_empty() || other.response.has(kind));
            !self.streams[at.stream].filters[*index].off && fits
        });
        let wish = wish(&accepts, first.map(|(_, first)| first.choose_first));
        self.native_count(&format!(
            "{common}header_{}",
            match wish {
                Wish::Gzip => "compressor_used",
                Wish::Any => "wildcard",
                Wish::Identity => "identity",
                Wish::NotValid => "not_valid",
            }
        ));
        matches!(wish, Wish::Gzip | Wish::Any)
    }

    /// What the end of a compressed body is, where trailers follow it.
    pub(super) fn compressed_end(&mut self, at: At, direction: Direction) -> Option<Vec<u8>> {
        let NativeStream::Coding(coding) = self.native_state(at) else {
            return None;
        };
        let Some(Coder::Deflate(_)) = coding.of(direction) else {
            return None;
        };
        let mut bytes = Vec::new();
        self.code(at, direction, &mut bytes, true);
        Some(bytes)
    }

    /// A part of either direction at the decompressor.
    pub(super) fn decompress(
        &mut self,
        at: At,
        config: &Decompressor,
        direction: Direction,
        part: &mut Part,
        end: bool,
    ) -> Verdict {
        match part {
            Part::Headers => {
                let decode = direction == Direction::Decode;
                if decode {
                    *self.native_state(at) = NativeStream::Coding(Box::default());
                }
                if decode && config.response.enabled && config.advertises {
                    self.advertise(at);
                }
                if !end {
                    let settings = if decode {
                        config.request
                    } else {
                        config.response
                    };
                    self.decompress_headers(at, config, direction, settings);
                }
            }
            Part::Data(bytes) => {
                self.code(at, direction, bytes, end);
                if end {
                    self.report_sizes(at, config, direction);
                }
            }
            Part::Trailers => self.report_sizes(at, config, direction),
        }
        Verdict::Continue
    }

    /// The upstream is told that gzip is welcome, before all that the client has said of it.
    fn advertise(&mut self, at: At) {
        let said = self.coding_header(at, Direction::Decode, "accept-encoding");
        let said = said.unwrap_or_default();
        let name = |token: &str| token.split(';').next().unwrap_or("").trim() == "gzip";
        let others = said.split(',').map(str::trim);
        let mut all: Vec<&str> = others.filter(|t| !t.is_empty() && !name(t)).collect();
        all.push("gzip");
        let (name, set) = ("accept-encoding", Change::Replace);
        self.native_change(at, Direction::Decode, set, name, all.join(",").as_bytes());
    }

    fn decompress_headers(
        &mut self,
        at: At,
        config: &Decompressor,
        direction: Direction,
        settings: Decompressible,
    ) {
        let coding = self.coding_header(at, direction, "content-encoding");
        let coding = coding.unwrap_or_default();
        let (first, others) = coding.split_once(',').unwrap_or((&coding, ""));
        let decompresses = settings.enabled
            && (settings.always || !self.keeps_its_form(at, direction))
            && first.trim().eq_ignore_ascii_case("gzip");
        let prefix = decompressor_prefix(config, direction);
        match decompresses {
            true => self.native_count(&(prefix + "decompressed")),
            false => self.native_count(&(prefix + "not_decompressed")),
        }
        if !decompresses {
            return;
        }
        self.native_change(at, direction, Change::Remove, "content-length", b"");
        let (name, others) = ("content-encoding", others.trim());
        match others {
            "" => self.native_change(at, direction, Change::Remove, name, b""),
            _ => self.native_change(at, direction, Change::Replace, name, others.as_bytes()),
        }
        let coder = Coder::Inflate(Inflater::new(config.ratio), [0; 2]);
        match self.native_state(at) {
            NativeStream::Coding(coding) => *coding.of(direction) = Some(coder),
            state => {
                let mut coding = Coding::default();
                *coding.of(direction) = Some(coder);
                *state = NativeStream::Coding(Box::new(coding));
            }
        }
    }

    /// The sizes before and after, as trailers.
    fn report_sizes(&mut self, at: At, config: &Decompressor, direction: Direction) {
        let NativeStream::Coding(coding) = self.native_state(at) else {
            return;
        };
        let Some(Coder::Inflate(_, sizes)) = coding.of(direction) else {
            return;
        };
        let sizes = *sizes;
        for (word, size) in ["compressed", "uncompressed"].into_iter().zip(sizes) {
            let name = format!("x-envoy-decompressor-{}-{word}-bytes", config.library);
            self.native_trailer(at, direction, &name, size.to_string().as_bytes());
        }
    }

    /// A piece of a body becomes what it is coded or decoded to.
    fn code(&mut self, at: At, direction: Direction, bytes: &mut Vec<u8>, end: bool) {
        let NativeStream::Coding(coding) = self.native_state(at) else {
            return;
        };
        let came = bytes.len() as u64;
        let mut fits = true;
        let packs = match coding.of(direction) {
            None => return,
            Some(Coder::Deflate(deflater)) => {
                *bytes = deflater.deflate(bytes, end);
                true
            }
            Some(Coder::Inflate(inflater, sizes)) => {
                (*bytes, fits) = inflater.inflate(bytes);
                sizes[0] += came;
                sizes[1] += bytes.len() as u64;
                false
            }
        };
        let made = bytes.len() as u64;
        self.native_body(direction, bytes);
        let config = self.config.clone();
        let prefix = match &config.manager.filters[at.filter].kind {
            FilterKind::Native(Native::Compressor(config)) => {
                let named = match direction {
                    Direction::Decode => "request.",
                    Direction::Encode if config.named => "response.",
                    Direction::Encode => "",
                };
                format!("compressor.{}.gzip.{named}", config.library)
            }
            FilterKind::Native(Native::Decompressor(config)) => {
                if !fits {
                    let library = &config.library;
                    let stat =
                        format!("decompressor.{library}.gzip.decompressor_library.zlib_data_error");
                    self.native_count(&stat);
                }
                decompressor_prefix(config, direction)
            }
            _ => return,
        };
        let (packed, plain) = if packs { (made, came) } else { (came, made) };
        self.http_stat(&format!("{prefix}total_compressed_bytes"), packed);
        self.http_stat(&format!("{prefix}total_uncompressed_bytes"), plain);
    }

    fn add_vary(&mut self, at: At) {
        const ACCEPT: &str = "Accept-Encoding";
        let encode = Direction::Encode;
        let value = match self.coding_header(at, encode, "vary") {
            None => ACCEPT.to_owned(),
            Some(vary) if vary.split(',').any(|token| token.trim() == ACCEPT) => return,
            Some(vary) => format!("{vary}, {ACCEPT}"),
        };
        self.native_change(at, encode, Change::Replace, "vary", value.as_bytes());
    }

    fn compressor_route(&mut self, at: At) -> CompressorRoute {
        let config = self.config.clone();
        match self.routed(&config, at).first() {
            Some(NativeRoute::Compressor(route)) => *route,
            _ => CompressorRoute {
                on: None,
                removes: None,
            },
        }
    }

    /// Whether a body that says its length is long enough.
    fn long_enough(
        &mut self,
        at: At,
        direction: Direction,
        settings: &Compressible,
        prefix: &str,
    ) -> bool {
        let Some(length) = self.coding_header(at, direction, "content-length") else {
            return true;
        };
        let fits = length.parse::<u64>().is_ok_and(|n| n >= settings.at_least);
        if !fits {
            self.native_count(&format!("{prefix}content_length_too_small"));
        }
        fits
    }

    fn kind_fits(&mut self, at: At, direction: Direction, settings: &Compressible) -> bool {
        let kind = self.kind(at, direction);
        kind.is_none_or(|kind| settings.has(&kind))
    }

    /// `content-type` without its parameters.
    fn kind(&mut self, at: At, direction: Direction) -> Option<String> {
        let kind = self.coding_header(at, direction, "content-type")?;
        Some(kind.split(';').next().unwrap_or("").trim().to_owned())
    }

    /// Whether `cache-control` has `no-transform`.
    fn keeps_its_form(&mut self, at: At, direction: Direction) -> bool {
        let control = self.coding_header(at, direction, "cache-control");
        control.is_some_and(|control| has_token(&control, "no-transform"))
    }

    /// A header's values, joined.
    fn coding_header(&mut self, at: At, direction: Direction, name: &str) -> Option<String> {
        let headers = self.streams[at.stream].half(direction).headers.as_ref();
        let value = joined(headers, name.as_bytes())?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }
}

fn counted(compresses: bool) -> &'static str {
    match compresses {
        true => "compressed",
        false => "not_compressed",
    }
}

fn decompressor_prefix(config: &Decompressor, direction: Direction) -> String {
    let direction = match direction {
        Direction::Decode => "request",
        Direction::Encode => "response",
    };
    format!("decompressor.{}.gzip.{direction}.", config.library)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: `accept-encoding`, whether there is a compressor and it is chosen first, the outcome.
    #[test]
    fn accept_encoding_is_weighed_as_envoy_weighs_it() {
        for (accepts, gzip, expected) in [
            ("gzip", Some(false), Wish::Gzip),
            ("gzip", None, Wish::NotValid),
            ("", Some(false), Wish::NotValid),
            ("br", Some(false), Wish::NotValid),
            ("*", Some(false), Wish::Any),
            ("identity", Some(false), Wish::Identity),
            ("GZIP", Some(false), Wish::NotValid),
            ("deflate, gzip", Some(false), Wish::Gzip),
            ("gzip;q=0", Some(false), Wish::NotValid),
            ("gzip;q=0, *", Some(false), Wish::NotValid),
            ("gzip;q=0.5, identity;q=0.6", Some(false), Wish::Identity),
            ("gzip;q=0.6, identity;q=0.5", Some(false), Wish::Gzip),
            ("gzip;q=x, *;q=0.1", Some(false), Wish::Any),
            ("gzip; Q = 0.3 , *;q=0.2", Some(false), Wish::Gzip),
            ("identity, gzip", Some(false), Wish::Identity),
            ("identity, gzip", Some(true), Wish::Gzip),
            ("gzip, identity", Some(false), Wish::Gzip),
        ] {
            assert_eq!(wish(accepts, gzip), expected, "{accepts:?} {gzip:?}");
        }
    }
}
