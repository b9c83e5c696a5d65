//! `Compressor`, `CompressorPerRoute` and `Decompressor`, with their one library: gzip.

use super::{flag, list};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use crate::proxy::config::any::typed;
use crate::proxy::config::{not_one_of, not_simulated, refuse};
use crate::proxy::gzip::Effort;

/// The compressor's settings.
#[derive(Clone, Debug)]
pub(crate) struct Compressor {
    /// The name of `compressor_library`, which its stats have.
    pub(crate) library: String,
    /// What the library is told.
    pub(crate) effort: Effort,
    /// `request_direction_config`: without one no request is compressed.
    pub(crate) request: Compressible,
    /// `response_direction_config`.
    pub(crate) response: Compressible,
    /// Whether that is there; its stats have another name then.
    pub(crate) named: bool,
    /// `disable_on_etag_header`.
    pub(crate) not_with_etag: bool,
    /// `remove_accept_encoding_header`.
    pub(crate) removes: bool,
    /// `uncompressible_response_codes`.
    pub(crate) not_of: Vec<u32>,
    /// `choose_first`: of equal wishes this one is met.
    pub(crate) choose_first: bool,
}

/// `CommonDirectionConfig`: what is compressed.
#[derive(Clone, Debug)]
pub(crate) struct Compressible {
    /// `enabled`.
    pub(crate) enabled: bool,
    /// `min_content_length`.
    pub(crate) at_least: u64,
    /// `content_type`; empty is [`TYPES`].
    pub(crate) types: Vec<String>,
}

/// What a route says of the compressor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompressorRoute {
    /// Whether responses are compressed; `None` as the filter says.
    pub(crate) on: Option<bool>,
    /// `remove_accept_encoding_header`.
    pub(crate) removes: Option<bool>,
}

/// The decompressor's settings.
#[derive(Clone, Debug)]
pub(crate) struct Decompressor {
    /// The name of `decompressor_library`.
    pub(crate) library: String,
    /// `max_inflate_ratio`.
    pub(crate) ratio: usize,
    /// Requests.
    pub(crate) request: Decompressible,
    /// Responses.
    pub(crate) response: Decompressible,
    /// `advertise_accept_encoding`.
    pub(crate) advertises: bool,
}

/// What is decompressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decompressible {
    /// `enabled`.
    pub(crate) enabled: bool,
    /// `ignore_no_transform_header`.
    pub(crate) always: bool,
}

/// The types that are compressed when none are named.
pub(crate) const TYPES: [&str; 20] = [
    "text/html",
    "text/plain",
    "text/css",
    "application/javascript",
    "application/x-javascript",
    "text/javascript",
    "text/x-javascript",
    "text/ecmascript",
    "text/js",
    "text/jscript",
    "text/x-js",
    "application/ecmascript",
    "application/x-json",
    "application/xml",
    "application/json",
    "image/svg+xml",
    "text/xml",
    "application/xhtml+xml",
    "application/grpc-web",
    "application/grpc-web+proto",
];

impl Compressor {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let (library, mut gzip) =
            read_library(fields.require("compressor_library")?, "compressor")?;
        let effort = Effort {
            level: match word(&mut gzip, "compression_level", &LEVELS)?.unwrap_or(0) {
                0 => 6,
                level => level as u8,
            },
            strategy: word(&mut gzip, "compression_strategy", &STRATEGIES)?.unwrap_or(0) as u8,
        };
        // How zlib works inside. What is read of it is the same.
        for (name, least, most) in [("memory_level", 1, 9), ("window_bits", 9, 15)] {
            within(&mut gzip, name, least, most)?;
        }
        within(&mut gzip, "chunk_size", 4096, 65536)?;
        gzip.finish()?;
        refuse(
            fields,
            &[
                "content_length",
                "content_type",
                "disable_on_etag_header",
                "remove_accept_encoding_header",
                "runtime_enabled",
            ],
            "a compressor (deprecated: write it in `response_direction_config`)",
        )?;
        let request = match fields.take("request_direction_config") {
            Some(node) => {
                let mut fields = Fields::of_message(node)?;
                let common = Compressible::read(fields.take("common_config"))?;
                fields.finish()?;
                common
            }
            None => Compressible {
                enabled: false,
                ..Compressible::read(None)?
            },
        };
        let response = fields.take("response_direction_config");
        let mut read = Self {
            library,
            effort,
            request,
            response: Compressible::read(None)?,
            named: response.is_some(),
            not_with_etag: false,
            removes: false,
            not_of: Vec::new(),
            choose_first: flag(fields, "choose_first")?,
        };
        if let Some(node) = response {
            let mut fields = Fields::of_message(node)?;
            read.response = Compressible::read(fields.take("common_config"))?;
            read.not_with_etag = flag(&mut fields, "disable_on_etag_header")?;
            read.removes = flag(&mut fields, "remove_accept_encoding_header")?;
            for code in list(&mut fields, "uncompressible_response_codes")? {
                read.not_of.push(code.as_u32()?);
            }
            refuse(
                &fields,
                &["status_header_enabled", "weaken_etag_on_compress"],
                "a compressor",
            )?;
            fields.finish()?;
        }
        Ok(read)
    }
}

impl Compressible {
    fn read(node: Option<&Node>) -> Result<Self, Problem> {
        let mut read = Self {
            enabled: true,
            at_least: 30,
            types: Vec::new(),
        };
        let Some(node) = node else { return Ok(read) };
        let mut fields = Fields::of_message(node)?;
        read.enabled = read_enabled(&mut fields)?;
        if let Some(length) = fields.take("min_content_length") {
            // 0 is as good as nothing.
            read.at_least = u64::from(Some(length.as_u32()?).filter(|n| *n > 0).unwrap_or(30));
        }
        for kind in list(&mut fields, "content_type")? {
            read.types.push(kind.as_string_field()?.to_owned());
        }
        fields.finish()?;
        Ok(read)
    }

    /// Whether a content type, its parameters left out, is one of these.
    pub(crate) fn has(&self, kind: &str) -> bool {
        match self.types.as_slice() {
            [] => TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)),
            types => types.iter().any(|known| known.eq_ignore_ascii_case(kind)),
        }
    }
}

impl CompressorRoute {
    /// Reads a `CompressorPerRoute`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let disabled = fields.take("disabled");
        let overrides = fields.take("overrides");
        let mut read = Self {
            on: None,
            removes: None,
        };
        match (disabled, overrides) {
            (Some(node), None) if node.as_bool()? => read.on = Some(false),
            (None, Some(node)) => {
                let mut fields = Fields::of_message(node)?;
                if let Some(node) = fields.take("response_direction_config") {
                    read.on = Some(true);
                    let mut fields = Fields::of_message(node)?;
                    let removes = fields.take("remove_accept_encoding_header");
                    read.removes = removes.map(Node::as_bool).transpose()?;
                    fields.finish()?;
                }
                refuse(&fields, &["compressor_library"], "a route's compressor")?;
                fields.finish()?;
            }
            _ => {
                return Err(not_one_of(
                    &fields.node().place,
                    "`disabled: true` and `overrides`",
                ));
            }
        }
        Ok(read)
    }
}

impl Decompressor {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let library = fields.require("decompressor_library")?;
        let (library, mut gzip) = read_library(library, "decompressor")?;
        if let Some(node) = gzip.take("window_bits")
            && node.as_u32()? != 15
        {
            return Err(not_simulated(&node.place, "a window of less than 15 bits"));
        }
        within(&mut gzip, "chunk_size", 4096, 65536)?;
        let ratio = within(&mut gzip, "max_inflate_ratio", 1, 1032)?;
        gzip.finish()?;
        let mut advertises = true;
        let mut direction = |name, request: bool| {
            let mut read = Decompressible {
                enabled: true,
                always: false,
            };
            let Some(node) = fields.take(name) else {
                return Ok(read);
            };
            let mut fields = Fields::of_message(node)?;
            if let Some(node) = fields.take("common_config") {
                let mut fields = Fields::of_message(node)?;
                read.enabled = read_enabled(&mut fields)?;
                read.always = flag(&mut fields, "ignore_no_transform_header")?;
                fields.finish()?;
            }
            if request && let Some(node) = fields.take("advertise_accept_encoding") {
                advertises = node.as_bool()?;
            }
            fields.finish().map(|()| read)
        };
        Ok(Self {
            library,
            ratio: ratio.unwrap_or(100) as usize,
            request: direction("request_direction_config", true)?,
            response: direction("response_direction_config", false)?,
            advertises,
        })
    }
}

const LEVELS: [&str; 10] = [
    "DEFAULT_COMPRESSION",
    "BEST_SPEED",
    "COMPRESSION_LEVEL_2",
    "COMPRESSION_LEVEL_3",
    "COMPRESSION_LEVEL_4",
    "COMPRESSION_LEVEL_5",
    "COMPRESSION_LEVEL_6",
    "COMPRESSION_LEVEL_7",
    "COMPRESSION_LEVEL_8",
    "BEST_COMPRESSION",
];

const STRATEGIES: [&str; 5] = [
    "DEFAULT_STRATEGY",
    "FILTERED",
    "HUFFMAN_ONLY",
    "RLE",
    "FIXED",
];

/// The name of a library, and the fields of its `Gzip`.
fn read_library<'a>(node: &'a Node, kind: &str) -> Result<(String, Fields<'a>), Problem> {
    let mut fields = Fields::of_message(node)?;
    let name = fields.require("name")?.as_string_field()?.to_owned();
    let config = fields.require("typed_config")?;
    fields.finish()?;
    let (message, fields) = typed(config)?;
    match message == format!("envoy.extensions.compression.gzip.{kind}.v3.Gzip") {
        true => Ok((name, fields)),
        false => Err(not_simulated(
            &config.place,
            &format!("the library `{message}`"),
        )),
    }
}

/// `enabled`, a `RuntimeFeatureFlag`. There is no runtime, so its default holds.
fn read_enabled(fields: &mut Fields<'_>) -> Result<bool, Problem> {
    let Some(node) = fields.take("enabled") else {
        return Ok(true);
    };
    let mut fields = Fields::of_message(node)?;
    let value = fields.require("default_value")?.as_bool()?;
    fields.require("runtime_key")?.as_string_field()?;
    fields.finish()?;
    Ok(value)
}

/// The number of a word of an enum, which may be written as that number.
fn word(
    fields: &mut Fields<'_>,
    name: &'static str,
    words: &[&str],
) -> Result<Option<usize>, Problem> {
    let Some(node) = fields.take(name) else {
        return Ok(None);
    };
    let text = node.as_str()?;
    let mut all = words.iter().enumerate();
    let found = all.position(|(i, word)| *word == text || i.to_string() == text);
    // Two names of one level.
    let found = found.or((text == "COMPRESSION_LEVEL_1").then_some(1));
    let found = found.or((text == "COMPRESSION_LEVEL_9").then_some(9));
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(node.expected(&format!("one of {}", words.join(", ")))),
    }
}

fn within(
    fields: &mut Fields<'_>,
    name: &'static str,
    least: u32,
    most: u32,
) -> Result<Option<u32>, Problem> {
    let Some(node) = fields.take(name) else {
        return Ok(None);
    };
    match node.as_u32()? {
        n if (least..=most).contains(&n) => Ok(Some(n)),
        _ => Err(node.expected(&format!("a number from {least} to {most}"))),
    }
}
