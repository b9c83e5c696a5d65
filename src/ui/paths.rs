//! Addresses: every link of the site is made here, so that it works below any path.
//!
//! A page knows the way to the site's root: relative in prerendered HTML (`../../../`), absolute
//! once the app runs (`/x/y/`). Must not know: the browser.

/// The way from a page to the site's root; ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(pub String);

impl Root {
    /// The relative way up from `path`, a site path that ends with a slash (`/learn/`).
    pub fn relative(path: &str) -> Self {
        match path.split('/').filter(|part| !part.is_empty()).count() {
            0 => Self("./".into()),
            depth => Self("../".repeat(depth)),
        }
    }

    /// The address of a site path (`/learn/`) or of a file (`/filters/a.wasm`).
    pub fn href(&self, path: &str) -> String {
        format!("{}{}", self.0, path.trim_start_matches('/'))
    }

    /// The site path of an absolute URL path, when it lies below this root.
    pub fn site_path(&self, pathname: &str) -> Option<String> {
        pathname
            .strip_prefix(self.0.as_str())
            .map(|rest| format!("/{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Root;

    #[test]
    fn links_go_up_by_depth() {
        assert_eq!(Root::relative("/").href("/learn/"), "./learn/");
        assert_eq!(Root::relative("/learn/").href("/"), "../");
        assert_eq!(
            Root::relative("/learn/a/b/").href("/playground/"),
            "../../../playground/"
        );
    }

    #[test]
    fn site_paths_are_found_below_a_base() {
        let root = Root("/x/y/".into());
        assert_eq!(root.site_path("/x/y/learn/"), Some("/learn/".into()));
        assert_eq!(root.site_path("/elsewhere/"), None);
    }
}
