//! What stands beside a lab file on a disk.

use crate::support::{root, sample, samples};
use proxy_wasm_tour::export::Disk;
use proxy_wasm_tour::lab::{Beside, Sample, parse, resolve};

#[test]
fn every_sample_filter_builds_to_a_module() {
    samples();
    let names = Disk::around(&root().join("lab.yaml")).samples();
    assert!(names.contains(&"add-header".to_owned()), "{names:?}");
    for name in names {
        assert!(sample(&name).starts_with(b"\0asm"), "{name}");
    }
}

#[test]
fn parts_come_from_an_edit_then_the_chosen_folder_then_start() {
    let folder = std::env::temp_dir().join(format!("tour-disk-{}", std::process::id()));
    for (file, text) in [
        ("start/a.yaml", "start a"),
        ("start/b.yaml", "start b"),
        ("solution/a.yaml", "solution a"),
    ] {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(folder.join("m.wasm"), b"\0asm").unwrap();
    let mut disk = Disk::around(&folder.join("lab.yaml"));
    disk.samples = samples().to_owned();
    assert_eq!(disk.part("a.yaml").as_deref(), Some("start a"));
    assert_eq!(disk.part("c.yaml"), None);
    disk.parts = "solution".to_owned();
    assert_eq!(disk.part("a.yaml").as_deref(), Some("solution a"));
    assert_eq!(
        disk.part("b.yaml").as_deref(),
        Some("start b"),
        "a solution may hold only what differs"
    );
    disk.edits.insert("a.yaml".to_owned(), "mine".to_owned());
    assert_eq!(disk.part("a.yaml").as_deref(), Some("mine"));

    let lab = parse(
        "lab.yaml",
        "files: {/m: {path: m.wasm}, /a: {sample: add-header}}\n",
        &disk,
    )
    .unwrap();
    let contents = resolve(&lab, &disk).unwrap();
    assert_eq!(&contents["/m"][..], b"\0asm");
    assert_eq!(contents["/a"].to_vec(), sample("add-header"));
    assert_eq!(disk.path("gone").unwrap_err(), "no such file");
    let Sample::Missing(why) = disk.sample("gone") else {
        panic!()
    };
    assert!(why.ends_with("gone.wasm: no such file"), "{why}");
    std::fs::remove_dir_all(&folder).unwrap();
}
