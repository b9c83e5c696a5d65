//! JSON Web Tokens and key sets, as Envoy reads and verifies them, with its words for what is wrong.
//!
//! Must not know filters, requests and clocks.

use super::config::{Item, Struct};
use super::foreign::hash;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use p256::EncodedPoint;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rsa::{BigUint, Pss, RsaPublicKey};
use sha2::{Sha256, Sha384, Sha512};

/// What Envoy says of a token: its number in Envoy's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// There is none.
    Missed = 1,
    /// `nbf` is to come.
    NotYetValid,
    /// `exp` is over.
    Expired,
    BadFormat,
    HeaderBase64,
    HeaderJson,
    Alg,
    AlgNotImplemented,
    Kid,
    PayloadBase64,
    PayloadJson,
    Iss,
    Sub,
    Iat,
    IatRange,
    Nbf,
    NbfRange,
    Exp,
    ExpRange,
    Jti,
    Aud,
    SignatureBase64,
    /// `iss` is no provider's.
    UnknownIssuer = 24,
    /// `aud` is none of those that are allowed.
    AudienceNotAllowed,
    /// No key fits the signature.
    VerificationFail,
    /// No key has the token's `kid` and `alg`.
    KidAlgMismatch = 32,
}

const TEXTS: [&str; 33] = [
    "",
    "Jwt is missing",
    "Jwt not yet valid",
    "Jwt is expired",
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
    "Jwt header is an invalid Base64url encoded",
    "Jwt header is an invalid JSON",
    "Jwt header [alg] field is required and must be a string",
    "Jwt header [alg] is not supported",
    "Jwt header [kid] field is not a string",
    "Jwt payload is an invalid Base64url encoded",
    "Jwt payload is an invalid JSON",
    "Jwt payload [iss] field is not a string",
    "Jwt payload [sub] field is not a string",
    "Jwt payload [iat] field is not an integer",
    "Jwt payload [iat] field is not a positive 64 bit integer",
    "Jwt payload [nbf] field is not an integer",
    "Jwt payload [nbf] field is not a positive 64 bit integer",
    "Jwt payload [exp] field is not an integer",
    "Jwt payload [exp] field is not a positive 64 bit integer",
    "Jwt payload [jti] field is not a string",
    "Jwt payload [aud] field is not a string or string list",
    "Jwt signature is an invalid Base64url encoded",
    "",
    "Jwt issuer is not configured",
    "Audiences in Jwt are not allowed",
    "Jwt verification fails",
    "",
    "",
    "",
    "",
    "",
    "Jwks doesn't have key to match kid or alg from Jwt",
];

impl Status {
    /// Envoy's text of it, which is the body of the answer.
    pub(super) fn text(self) -> &'static str {
        TEXTS[self as usize]
    }
}

/// A token that could be read; nothing of it is verified yet.
#[derive(Clone, Debug)]
pub(super) struct Jwt {
    /// The header.
    pub(super) header: Struct,
    /// The claims.
    pub(super) payload: Struct,
    /// The claims as they stood in the token.
    pub(super) payload_text: String,
    /// `iss`; empty when it is not there.
    pub(super) issuer: String,
    /// `aud`.
    pub(super) audiences: Vec<String>,
    alg: String,
    kid: String,
    not_before: u64,
    expires: u64,
    signed: String,
    signature: Vec<u8>,
}

const ALGORITHMS: [&str; 13] = [
    "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
    "PS384", "PS512", "EdDSA",
];

/// Base64url, with its padding or without.
const URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn unescape(text: &str) -> Option<Vec<u8>> {
    URL.decode(text).ok()
}

fn object(bytes: &[u8]) -> Option<Struct> {
    Struct::from_json(&serde_json::from_slice(bytes).ok()?)
}

impl Jwt {
    /// Reads a token.
    pub(super) fn parse(text: &str) -> Result<Self, Status> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            return Err(Status::BadFormat);
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(Status::BadFormat);
        }
        let bytes = unescape(header).ok_or(Status::HeaderBase64)?;
        let head = object(&bytes).ok_or(Status::HeaderJson)?;
        let alg = match head.get("alg") {
            Some(Item::Text(alg)) => alg.clone(),
            _ => return Err(Status::Alg),
        };
        if !ALGORITHMS.contains(&alg.as_str()) {
            return Err(Status::AlgNotImplemented);
        }
        let kid = string(&head, "kid", Status::Kid)?;
        let bytes = unescape(payload).ok_or(Status::PayloadBase64)?;
        let claims = object(&bytes).ok_or(Status::PayloadJson)?;
        let issuer = string(&claims, "iss", Status::Iss)?;
        string(&claims, "sub", Status::Sub)?;
        number(&claims, "iat", Status::Iat, Status::IatRange)?;
        let not_before = number(&claims, "nbf", Status::Nbf, Status::NbfRange)?;
        let expires = number(&claims, "exp", Status::Exp, Status::ExpRange)?;
        string(&claims, "jti", Status::Jti)?;
        let audiences = match claims.get("aud") {
            None => Vec::new(),
            Some(Item::Text(one)) => vec![one.clone()],
            Some(Item::List(items)) => {
                let texts = items.iter().map(|item| match item {
                    Item::Text(text) => Ok(text.clone()),
                    _ => Err(Status::Aud),
                });
                texts.collect::<Result<_, _>>()?
            }
            Some(_) => return Err(Status::Aud),
        };
        Ok(Self {
            header: head,
            payload: claims,
            payload_text: payload.to_owned(),
            issuer,
            audiences,
            alg,
            kid,
            not_before,
            expires,
            signed: format!("{header}.{payload}"),
            signature: unescape(signature).ok_or(Status::SignatureBase64)?,
        })
    }

    /// Whether it holds at a time, give or take some seconds.
    pub(super) fn check_time(&self, now_s: u64, skew_s: u64) -> Result<(), Status> {
        if now_s.saturating_add(skew_s) < self.not_before {
            return Err(Status::NotYetValid);
        }
        if self.expires != 0 && now_s > self.expires.saturating_add(skew_s) {
            return Err(Status::Expired);
        }
        Ok(())
    }

    /// Whether a key has signed it.
    pub(super) fn verify(&self, keys: &[Jwk]) -> Result<(), Status> {
        let fits = |key: &&Jwk| {
            (self.kid.is_empty() || key.kid.is_empty() || key.kid == self.kid)
                && (key.alg.is_empty() || key.alg == self.alg)
        };
        let mut fitting = keys.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            return Err(Status::KidAlgMismatch);
        }
        match fitting.any(|key| self.is_signed_by(&key.key)) {
            true => Ok(()),
            false => Err(Status::VerificationFail),
        }
    }

    fn is_signed_by(&self, key: &Key) -> bool {
        let (family, bits) = self.alg.split_at(2);
        let (name, block) = match bits {
            "384" => ("sha384", 128),
            "512" => ("sha512", 128),
            _ => ("sha256", 64),
        };
        let digest = |bytes: &[u8]| hash(name, bytes, &mut 0);
        let Some(hashed) = digest(self.signed.as_bytes()) else {
            return false;
        };
        let signature = &self.signature[..];
        match (key, family) {
            (Key::Rsa(key), "RS") => key.verify(hashed.scheme, &hashed.bytes, signature).is_ok(),
            (Key::Rsa(key), "PS") => {
                let scheme = match name {
                    "sha384" => Pss::new::<Sha384>(),
                    "sha512" => Pss::new::<Sha512>(),
                    _ => Pss::new::<Sha256>(),
                };
                key.verify(scheme, &hashed.bytes, signature).is_ok()
            }
            (Key::Rsa(_), _) => false,
            (Key::P256(key), _) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&hashed.bytes, &signature).is_ok()),
            (Key::Secret(secret), _) => {
                // HMAC, RFC 2104.
                let bytes = |hashed: Option<super::foreign::Hashed>| {
                    hashed.map(|hashed| hashed.bytes).unwrap_or_default()
                };
                let mut key = match secret.len() > block {
                    true => bytes(digest(secret)),
                    false => secret.clone(),
                };
                key.resize(block, 0);
                let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
                let inner = bytes(digest(&[&padded(0x36), self.signed.as_bytes()].concat()));
                bytes(digest(&[&padded(0x5c)[..], &inner].concat())) == signature
            }
        }
    }
}

/// A string that may be missing, and is then empty.
fn string(fields: &Struct, name: &str, wrong: Status) -> Result<String, Status> {
    match fields.get(name) {
        None => Ok(String::new()),
        Some(Item::Text(text)) => Ok(text.clone()),
        Some(_) => Err(wrong),
    }
}

/// A number that may be missing, and is then 0.
fn number(fields: &Struct, name: &str, wrong: Status, beyond: Status) -> Result<u64, Status> {
    match fields.get(name) {
        None => Ok(0),
        Some(Item::Number(n)) if *n >= 0.0 && *n < u64::MAX as f64 => Ok(*n as u64),
        Some(Item::Number(_)) => Err(beyond),
        Some(_) => Err(wrong),
    }
}

/// A key of a set.
#[derive(Clone, Debug)]
pub(crate) struct Jwk {
    kid: String,
    alg: String,
    key: Key,
}

#[derive(Clone, Debug)]
enum Key {
    Rsa(RsaPublicKey),
    P256(VerifyingKey),
    Secret(Vec<u8>),
}

/// Why a key set is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Envoy refuses it too, with this text.
    Invalid(&'static str),
    /// Envoy has this kind of key, and the simulator does not.
    Elsewhere(&'static str),
}

/// Reads a key set. A key that is wrong is left out, as long as another is right.
pub(crate) fn read_jwks(text: &str) -> Result<Vec<Jwk>, Unusable> {
    let invalid = |why| Err(Unusable::Invalid(why));
    let Some(set) = object(text.as_bytes()) else {
        return invalid("Jwks is an invalid JSON");
    };
    let items = match set.get("keys") {
        Some(Item::List(items)) => items,
        Some(_) => return invalid("[keys] in Jwks is not an array"),
        None if text.contains("BEGIN CERTIFICATE") => {
            return Err(Unusable::Elsewhere("a key set of certificates"));
        }
        None => return invalid("Jwks does not have [keys] field"),
    };
    let mut keys = Vec::new();
    let mut wrong = None;
    for item in items {
        let Item::Struct(fields) = item else { continue };
        match read_jwk(fields) {
            Ok(key) => keys.push(key),
            Err(Unusable::Elsewhere(kind)) => return Err(Unusable::Elsewhere(kind)),
            Err(why) => wrong = wrong.or(Some(why)),
        }
    }
    match keys.is_empty() {
        true => Err(wrong.unwrap_or(Unusable::Invalid("Jwks doesn't have any valid public key"))),
        false => Ok(keys),
    }
}

fn read_jwk(fields: &Struct) -> Result<Jwk, Unusable> {
    use Unusable::{Elsewhere, Invalid};
    let text = |name| match fields.get(name) {
        Some(Item::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let field = |name, missing, bad| match (fields.get(name), text(name)) {
        (_, Some(text)) => Ok(text),
        (None, None) => Err(Invalid(missing)),
        (Some(_), None) => Err(Invalid(bad)),
    };
    let kty = field(
        "kty",
        "[kty] is missing in [keys]",
        "[kty] is bad in [keys]",
    )?;
    let (kid, alg) = (text("kid").unwrap_or(""), text("alg").unwrap_or(""));
    let of = |families: &[&str]| alg.is_empty() || families.iter().any(|f| alg.starts_with(f));
    let key = match kty {
        "RSA" => {
            if !of(&["RS", "PS"]) {
                return Err(Invalid(
                    "[alg] is not started with [RS] or [PS] for an RSA key",
                ));
            }
            let n = field(
                "n",
                "[n] field is missing for a RSA key",
                "[n] field is not string for a RSA key",
            )?;
            let e = field(
                "e",
                "[e] field is missing for a RSA key",
                "[e] field is not string for a RSA key",
            )?;
            let wrong = Invalid("Jwks RSA [n] or [e] field is missing or has a parse error");
            let (n, e) = (unescape(n).ok_or(wrong)?, unescape(e).ok_or(wrong)?);
            if n.len() > 512 {
                return Err(Elsewhere("an RSA key of more than 4096 bits"));
            }
            let (n, e) = (BigUint::from_bytes_be(&n), BigUint::from_bytes_be(&e));
            if e != BigUint::from(3u8) && e != BigUint::from(65537u32) {
                return Err(wrong);
            }
            Key::Rsa(RsaPublicKey::new(n, e).map_err(|_| wrong)?)
        }
        "EC" => {
            if !of(&["ES"]) {
                return Err(Invalid("[alg] is not started with [ES] for an EC key"));
            }
            match (alg, text("crv").unwrap_or("")) {
                ("" | "ES256", "" | "P-256") => {}
                ("" | "ES384", "P-384") | ("" | "ES512", "P-521") | ("ES384" | "ES512", "") => {
                    return Err(Elsewhere("a key on P-384 or P-521"));
                }
                ("", _) | (_, "") => {
                    return Err(Invalid(
                        "[crv] or [alg] field is not supported for an EC key",
                    ));
                }
                _ => {
                    return Err(Invalid(
                        "[crv] field specified is not compatible with [alg] for an EC key",
                    ));
                }
            }
            let x = field(
                "x",
                "[x] field is missing for an EC key",
                "[x] field is not string for an EC key",
            )?;
            let y = field(
                "y",
                "[y] field is missing for an EC key",
                "[y] field is not string for an EC key",
            )?;
            let wrong = Invalid("Jwks EC [x] or [y] field is an invalid Base64.");
            let (x, y) = (unescape(x).ok_or(wrong)?, unescape(y).ok_or(wrong)?);
            let point = [&[4][..], &padded(&x), &padded(&y)].concat();
            let wrong = Invalid("Jwks EC [x] and [y] fields have a parse error.");
            let point = EncodedPoint::from_bytes(point).map_err(|_| wrong)?;
            Key::P256(VerifyingKey::from_encoded_point(&point).map_err(|_| wrong)?)
        }
        "oct" => {
            if !["", "HS256", "HS384", "HS512"].contains(&alg) {
                return Err(Invalid("[alg] does not start with [HS] for an HMAC key"));
            }
            let k = field(
                "k",
                "[k] field is missing for an HMAC key",
                "[k] field is not string for an HMAC key",
            )?;
            let secret = unescape(k).filter(|secret| !secret.is_empty());
            Key::Secret(secret.ok_or(Invalid("Jwks Oct key is an invalid Base64"))?)
        }
        "OKP" => return Err(Elsewhere("an Ed25519 key")),
        _ => return Err(Invalid("[kty] is not supported in [keys]")),
    };
    Ok(Jwk {
        kid: kid.to_owned(),
        alg: alg.to_owned(),
        key,
    })
}

/// A coordinate with all its 32 bytes; a longer one stays what it is, and fits no point.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![0; 32usize.saturating_sub(bytes.len())];
    all.extend(bytes);
    all
}
