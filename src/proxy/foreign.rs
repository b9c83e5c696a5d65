//! Foreign functions: what Envoy answers by name beside the ABI.
//!
//! Arguments and results are bytes; where a function takes more than one, they are a Protobuf message.

mod signature;

pub(super) use signature::{Hashed, hash};

use super::filter_state::{Fields, Home, Kind, Object, Prototype, Span};
use super::protobuf::{Wire, fields};
use super::shared::Shared;
use crate::abi::Status;
use crate::host::port::{Answer, At, ForeignCall, Refusal};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use std::net::SocketAddr;

/// The most bytes that `uncompress` makes: a few bytes can stand for any number.
const UNCOMPRESSED_MAX: usize = 16 << 20;
/// The level of zlib's `compress`. The deflater is another: it can make a few bytes more or less.
const LEVEL: u8 = 6;

/// What a byte costs that is deflated, inflated or hashed, in fuel: about as long as a guest would take.
const DEFLATE_COST: u64 = 10;
const INFLATE_COST: u64 = 2;

/// Verifies a signature with a public key in DER, for who is no guest; the error is empty when it fits.
///
/// # Errors
/// For a kind of key that the simulator does not have.
pub(super) fn verify_signature(
    hash: &str,
    key: &[u8],
    signature: &[u8],
    data: &[u8],
) -> Result<String, String> {
    let mut argument = Vec::new();
    for (number, bytes) in (1..).zip([hash.as_bytes(), key, signature, data]) {
        super::protobuf::push_bytes(&mut argument, number, bytes);
    }
    let result = signature::verify(&argument, &mut 0);
    let result = result.map_err(|refusal| refusal.reason.to_string())?;
    let error = Message::read(&result).map(|message| message.bytes(2).to_vec());
    Ok(String::from_utf8_lossy(&error.unwrap_or_default()).into_owned())
}

/// Whether BoringSSL takes these bytes for a public key.
pub(super) fn is_public_key(der: &[u8]) -> bool {
    signature::is_public_key(der)
}

fn bad(reason: &'static str) -> Refusal {
    Refusal::new(Status::BadArgument, reason)
}

impl Shared {
    /// Calls a foreign function.
    pub(super) fn foreign(&mut self, at: At, call: &mut ForeignCall<'_>) -> Answer<Vec<u8>> {
        match call.name {
            b"compress" => Ok(compress(call)),
            b"uncompress" => uncompress(call),
            b"verify_signature" => signature::verify(call.argument, &mut call.work),
            b"sign" => signature::sign(call.argument, &mut call.work),
            b"set_envoy_filter_state" => self.set_envoy_filter_state(at, call),
            b"declare_property" => self.declare_property(at, call),
            b"clear_route_cache" => {
                if let Some((stream, _)) = self.stream_of(at) {
                    self.clear_route(stream);
                }
                Ok(Vec::new())
            }
            b"expr_create" | b"expr_evaluate" | b"expr_delete" => Err(Refusal::new(
                Status::Unimplemented,
                "Envoy has this function in builds with a CEL parser; the simulator has no CEL",
            )),
            _ => Err(Refusal::new(
                Status::NotFound,
                "no foreign function has this name",
            )),
        }
    }

    /// `SetEnvoyFilterStateArguments {1 path, 2 value, 3 span}`.
    fn set_envoy_filter_state(&mut self, at: At, call: &mut ForeignCall<'_>) -> Answer<Vec<u8>> {
        let message = Message::read(call.argument)
            .ok_or(bad("the argument is no SetEnvoyFilterStateArguments"))?;
        let wrong = bad("path and value of SetEnvoyFilterStateArguments are UTF-8");
        let (Some(path), Some(value)) = (message.text(1), message.text(2)) else {
            return Err(wrong);
        };
        let object = own_object(path, value)?;
        let home = self.home_of(at)?;
        call.kept = call.argument.len();
        let kept = self.keep_at(
            home,
            path.as_bytes().to_vec(),
            Span::of(message.number(3)),
            object,
        );
        let read = matches!(home, Home::Connection(_)) && path == "envoy.tcp_proxy.cluster";
        call.note = match kept {
            true if read => "tcp_proxy reads it when it connects".into(),
            true => "kept under this key; no part of the simulated proxy acts on it".into(),
            false => {
                "not kept: the key is there with another life span, and Envoy leaves it".into()
            }
        };
        Ok(Vec::new())
    }

    /// `DeclarePropertyArguments {1 name, 2 readonly, 3 type, 4 schema, 5 span}`.
    fn declare_property(&mut self, at: At, call: &mut ForeignCall<'_>) -> Answer<Vec<u8>> {
        let message = Message::read(call.argument)
            .ok_or(bad("the argument is no DeclarePropertyArguments"))?;
        let Some(name) = message.text(1) else {
            return Err(bad("the name of DeclarePropertyArguments is UTF-8"));
        };
        let prototype = Prototype {
            readonly: message.number(2) != 0,
            kind: match message.number(3) {
                2 | 3 => Kind::Structured,
                _ => Kind::Plain,
            },
            span: Span::of(message.number(5)),
        };
        call.kept = call.argument.len();
        // Envoy keeps it on the context whose callback runs, whatever context is effective, and
        // looks it up on the root: only what a root's callback declares is ever found.
        if !self
            .state
            .declare(at.vm, call.current, name.as_bytes(), prototype)
        {
            return Err(bad("the property is declared already"));
        }
        if call.current != at.root {
            call.note =
                "declared on a stream's context, where Envoy never looks: declare it from a root's callback"
                    .into();
        }
        Ok(Vec::new())
    }
}

/// A Protobuf message whose fields come once; of more, the last counts.
pub(super) struct Message<'a>(Vec<(u64, Wire<'a>)>);

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        fields(bytes).map(Self)
    }

    fn bytes(&self, number: u64) -> &'a [u8] {
        let found = self.0.iter().rev().find_map(|field| match field {
            (n, Wire::Bytes(bytes)) if *n == number => Some(*bytes),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// A string, which Protobuf wants to be UTF-8.
    fn text(&self, number: u64) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(number)).ok()
    }

    fn number(&self, number: u64) -> u64 {
        let found = self.0.iter().rev().find_map(|field| match field {
            (n, Wire::Varint(value)) if *n == number => Some(*value),
            _ => None,
        });
        found.unwrap_or(0)
    }
}

/// zlib's `compress`.
fn compress(call: &mut ForeignCall<'_>) -> Vec<u8> {
    call.work += call.argument.len() as u64 * DEFLATE_COST;
    compress_to_vec_zlib(call.argument, LEVEL)
}

/// zlib's `uncompress`; what follows the stream is left alone.
fn uncompress(call: &mut ForeignCall<'_>) -> Answer<Vec<u8>> {
    let result = decompress_to_vec_zlib_with_limit(call.argument, UNCOMPRESSED_MAX);
    let made = match &result {
        Ok(bytes) => bytes.len(),
        Err(error) => error.output.len(),
    };
    call.work += (call.argument.len() + made) as u64 * INFLATE_COST;
    result.map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => Refusal::at_limit(
            "uncompress",
            format!("uncompress limit: the data is more than {UNCOMPRESSED_MAX} bytes; Envoy has no such limit"),
        ),
        _ => Refusal::new(
            Status::SerializationFailure,
            "the argument is no zlib stream, or it is cut",
        ),
    })
}

/// What the factory of a well-known key makes of a text.
fn own_object(key: &str, text: &str) -> Answer<Object> {
    let fields = match key {
        "envoy.string"
        | "envoy.network.upstream_server_name"
        | "envoy.network.application_protocols"
        | "envoy.network.upstream_subject_alt_names"
        | "envoy.tcp_proxy.cluster"
        | "envoy.upstream.dynamic_host" => Fields::None,
        "envoy.upstream.dynamic_port" => match text.trim_ascii().parse::<u32>() {
            Ok(_) => Fields::None,
            Err(_) => return Err(bad("the value of this key is a number")),
        },
        "envoy.tcp_proxy.disable_tunneling" => match text {
            "true" | "false" => Fields::None,
            _ => return Err(bad("the value of this key is true or false")),
        },
        "envoy.network.transport_socket.original_dst_address"
        | "envoy.filters.listener.original_dst.local_ip"
        | "envoy.filters.listener.original_dst.remote_ip" => match text.parse::<SocketAddr>() {
            Ok(address) => Fields::Address(address.ip().to_string(), address.port()),
            Err(_) => return Err(bad("the value of this key is IP:PORT")),
        },
        _ => {
            return Err(Refusal::new(
                Status::NotFound,
                "no filter state object of Envoy's has this key",
            ));
        }
    };
    Ok(Object::Own(text.to_owned(), fields))
}
