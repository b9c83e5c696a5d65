//! Keys of `envoy` that many tests write: a whole listener, and an access log.

/// A bootstrap with one listener and one route to `web`, and what a test says more in each place:
/// entries of a list as they are, keys of a map behind a comma.
#[derive(Default)]
pub(super) struct Bootstrap<'a> {
    /// Clusters beside `web`: `, {name: rls}`.
    pub(super) clusters: &'a str,
    /// Keys of the connection manager.
    pub(super) manager: &'a str,
    /// HTTP filters in front of the router, each with a comma behind it.
    pub(super) filters: &'a str,
    /// Keys of the route configuration.
    pub(super) all_routes: &'a str,
    /// Keys of the virtual host.
    pub(super) host: &'a str,
    /// Keys of the route.
    pub(super) route: &'a str,
    /// Keys of the route's action.
    pub(super) action: &'a str,
}

impl Bootstrap<'_> {
    /// The keys of `envoy`.
    pub(super) fn text(&self) -> String {
        let Self {
            clusters,
            manager,
            filters,
            all_routes,
            host,
            route,
            action,
        } = self;
        let types = "type.googleapis.com/envoy.extensions.filters";
        format!(
            r#"  static_resources:
    clusters: [{{name: web}}{clusters}]
    listeners:
    - filter_chains:
      - filters:
        - name: m
          typed_config:
            "@type": {types}.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: ingress
            http_filters: [{filters}{{name: r, typed_config: {{"@type": {types}.http.router.v3.Router}}}}]
            route_config: {{virtual_hosts: [{{name: v, domains: ["*"], routes: [{{match: {{prefix: /}}, route: {{cluster: web{action}}}{route}}}]{host}}}]{all_routes}}}
{manager}"#
        )
    }
}

/// The key `access_log`: lines of this format to the standard output.
pub(crate) fn access_log(format: &str) -> String {
    format!(
        "access_log: [{{name: l, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog, log_format: {{text_format_source: {{inline_string: \"{format}\"}}}}}}}}]"
    )
}
