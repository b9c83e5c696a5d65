//! The local rate limit filter: a token for each request, from a bucket that all workers share.
//!
//! The bucket is Envoy's of today: it fills all the time, at the rate of its fills. Must not know
//! other ways of limiting.

use super::{At, NativeStream};
use crate::model::Headers;
use crate::proxy::config::{LocalRateLimit, NativeRoute, TokenBucket};
use crate::proxy::iterate::Verdict;
use crate::proxy::local_reply::Reply;
use crate::proxy::search::{Resource, Use};
use crate::proxy::shared::Shared;
use crate::proxy::task::Direction;
use std::collections::BTreeMap;

/// Which bucket: of a place in the configuration, or of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::proxy) enum Key {
    /// Line and column of the settings.
    Place(u32, u32),
    /// A connection's, by its number. Envoy keeps one for all local_ratelimit filters.
    Connection(u64),
}

/// The buckets so far.
pub(in crate::proxy) type Buckets = BTreeMap<Key, Bucket>;

/// A bucket and what is in it.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct Bucket {
    settings: TokenBucket,
    /// Tokens, each as many units as a fill has nanoseconds: so nothing is rounded.
    level: u128,
    /// When that was.
    at_ns: u64,
}

impl Bucket {
    fn full(settings: TokenBucket, now_ns: u64) -> Self {
        Self {
            settings,
            level: u128::from(settings.max) * u128::from(settings.interval_ns),
            at_ns: now_ns,
        }
    }

    fn fill(&mut self, now_ns: u64) {
        let new = u128::from(now_ns - self.at_ns) * u128::from(self.settings.per_fill);
        let most = u128::from(self.settings.max) * u128::from(self.settings.interval_ns);
        self.level = most.min(self.level + new);
        self.at_ns = now_ns;
    }

    fn take(&mut self, now_ns: u64) -> bool {
        self.fill(now_ns);
        let token = u128::from(self.settings.interval_ns);
        let there = self.level >= token;
        if there {
            self.level -= token;
        }
        there
    }

    fn remaining(&self) -> u128 {
        self.level / u128::from(self.settings.interval_ns)
    }

    /// Whole seconds until there is a token, as Envoy counts them: from milliseconds, downwards.
    fn reset_s(&self) -> u128 {
        let missing = u128::from(self.settings.interval_ns).saturating_sub(self.level);
        let ns = missing.div_ceil(u128::from(self.settings.per_fill));
        ns.div_ceil(1_000_000) / 1000
    }
}

impl Shared {
    /// Request headers.
    pub(super) fn limit_request(&mut self, at: At, limit: &LocalRateLimit) -> Verdict {
        let config = self.config.clone();
        let limit = match self.routed(&config, at).first() {
            Some(NativeRoute::LocalRateLimit(routed)) => routed,
            _ => limit,
        };
        if !self.falls_in(limit.enabled) {
            return Verdict::Continue;
        }
        self.limit_stat(limit, "enabled");
        let key = match limit.per_connection {
            true => Key::Connection(self.streams[at.stream].connection),
            false => Key::Place(limit.place.line, limit.place.column),
        };
        let now = self.clock.now_ns;
        let allowed = limit.bucket.is_none_or(|settings| {
            self.scheduler
                .note(Use::Write, || Resource::Bucket(key.clone()));
            let buckets = &mut self.state.buckets;
            let bucket = buckets.entry(key.clone());
            bucket
                .or_insert_with(|| Bucket::full(settings, now))
                .take(now)
        });
        if limit.x_headers && limit.bucket.is_some() {
            *self.native_state(at) = NativeStream::Limited(key);
        }
        if allowed {
            self.limit_stat(limit, "ok");
            return Verdict::Continue;
        }
        self.limit_stat(limit, "rate_limited");
        if !self.falls_in(limit.enforced) {
            for addition in &limit.request_headers {
                self.add_native(at, Direction::Decode, addition);
            }
            return Verdict::Continue;
        }
        self.limit_stat(limit, "enforced");
        let mut headers = Headers::default();
        for addition in &limit.response_headers {
            let value = self.write_value(at.stream, &addition.value);
            if !value.is_empty() || addition.keep_empty {
                headers.push(&addition.name, value);
            }
        }
        let reply = Reply {
            status: limit.status,
            body: b"local_rate_limited".to_vec(),
            headers,
            grpc_status: limit.exhausted.then_some(8),
            details: "local_rate_limited".to_owned(),
        };
        self.local_reply(at.stream, reply);
        self.streams[at.stream].flag("RL");
        Verdict::Stop
    }

    /// Response headers: the bucket as it is by now.
    pub(super) fn limit_response(&mut self, at: At) -> Verdict {
        let NativeStream::Limited(key) = self.native_state(at) else {
            return Verdict::Continue;
        };
        let key = key.clone();
        self.scheduler
            .note(Use::Write, || Resource::Bucket(key.clone()));
        let now = self.clock.now_ns;
        let Some(bucket) = self.state.buckets.get_mut(&key) else {
            return Verdict::Continue;
        };
        bucket.fill(now);
        let values = [
            ("x-ratelimit-limit", u128::from(bucket.settings.max)),
            ("x-ratelimit-remaining", bucket.remaining()),
            ("x-ratelimit-reset", bucket.reset_s()),
        ];
        for (name, value) in values {
            let value = value.to_string();
            let change = super::record::Change::Add;
            self.native_change(at, Direction::Encode, change, name, value.as_bytes());
        }
        Verdict::Continue
    }

    fn limit_stat(&mut self, limit: &LocalRateLimit, name: &str) {
        let stat = format!("{}.http_local_rate_limit.{name}", limit.stat_prefix);
        self.native_counted(&stat);
        *self.state.stats.entry(stat).or_insert(0) += 1;
    }
}
