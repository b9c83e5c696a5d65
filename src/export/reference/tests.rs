//! What must stand in the reference, and where its links lead.

use super::*;
use crate::abi::{CALLBACKS, GROUPS};

fn all() -> Vec<Page> {
    pages(&Book::default(), &[], &shown()).expect("pages")
}

#[test]
fn every_call_and_callback_has_an_anchor_of_its_own() {
    let html: String = all().into_iter().map(|page| page.html).collect();
    let names = GROUPS
        .iter()
        .flat_map(|calls| calls.iter().map(|call| call.name))
        .chain(CALLBACKS.iter().map(|callback| callback.name));
    for name in names {
        assert_eq!(html.matches(&format!("id=\"{name}\"")).count(), 1, "{name}");
    }
}

#[test]
fn links_within_a_page_lead_somewhere() {
    for page in all() {
        for link in page.html.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap_or_default();
            assert!(
                page.html.contains(&format!("id=\"{id}\"")),
                "{}#{id}",
                page.path
            );
        }
    }
}

#[test]
fn what_can_be_found_stands_on_its_page() {
    for page in all() {
        for found in &page.found {
            let id = found.path.rsplit('#').next().unwrap_or_default();
            assert!(
                page.html.contains(&format!("id=\"{id}\"")),
                "{}",
                found.path
            );
        }
    }
}

#[test]
fn statuses_lead_to_the_calls_that_answer_them() {
    let pages = all();
    let html = |id: &str| {
        &pages
            .iter()
            .find(|page| page.path.contains(id))
            .expect(id)
            .html
    };
    for link in html("status-codes").split("href=\"../").skip(1) {
        let (page, rest) = link.split_once("/#").expect("a link to an anchor");
        let id = rest.split('"').next().unwrap_or_default();
        assert!(html(page).contains(&format!("id=\"{id}\"")), "{page}#{id}");
    }
}

/// A lab for each host, and one whose run has one call and one callback.
fn shown() -> Vec<Example> {
    let lab = |id: &str, has: &[&str]| Example {
        id: id.into(),
        title: id.into(),
        has: has.iter().map(|name| (*name).to_string()).collect(),
        ..Example::default()
    };
    let hosts = crate::host::PROFILES.iter();
    let hosts = hosts.map(|profile| lab(&format!("host-{}", profile.name), &[]));
    let own = lab("a-filter", &["proxy_log", "proxy_on_tick"]);
    hosts.chain([own]).collect()
}

#[test]
fn an_entry_leads_to_the_labs_that_make_its_call_and_no_other_does() {
    let pages = all();
    let link = "<a href=\"../../playground/try/a-filter/\">a-filter</a>";
    let entries = pages.iter().flat_map(|page| page.html.split("<section "));
    let linked: Vec<&str> = entries
        .filter(|entry| entry.contains(link))
        .filter_map(|entry| entry.split("id=\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(linked, ["proxy_log", "proxy_on_tick"]);
}
