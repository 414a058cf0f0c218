//! The emulated regions and the stub of GitHub, held against the rules that they promise, by a client that is not ours. Knows
//! how that is run; must not know the rules.

use std::process::Command;
use tidegate_tests::house;

#[test]
fn the_emulation_keeps_the_rules_that_its_page_names() {
    let folder = house::root().join("tests/emulation");
    let python = house::root().join("target/emulation/bin/python");
    assert!(python.is_file(), "the emulators are not installed: run tests/emulation/install, as ./test does");
    let ran = Command::new(python).arg(folder.join("check_rig.py")).output().expect("it starts");
    let told = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{told}");
}
