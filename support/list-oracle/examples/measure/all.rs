// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every table of `docs/benchmarks.md`, as Markdown.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use medmij_list_oracle::family::Family;
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;

use crate::{
    look_up,
    process::{Run, run},
    reading::{compare, is_zal, median, read},
};

/// Name, kind, entries.
const LISTS: [(&str, &str, usize); 5] = [
    ("ZAL, 1,000 zorgaanbieders", "zal", 1_000),
    ("ZAL, 10,000 zorgaanbieders", "zal", 10_000),
    ("ZAL, 100,000 zorgaanbieders", "zal", 100_000),
    ("Whitelist, 100,000 nodes", "whitelist", 100_000),
    ("Whitelist, 1,000,000 nodes", "whitelist", 1_000_000),
];

/// Each program runs so often, in turns.
const TURNS: usize = 3;

pub(crate) fn tables(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    println!("{}\n", machine());
    let lists = LISTS.map(|(name, kind, entries)| {
        let file = folder.join(format!("{kind}-{entries}.xml"));
        crate::make(kind, entries, file.to_str().unwrap());
        (name, file)
    });
    readings(&lists);
    memory(&lists);
    look_ups(&lists);
    writing(&lists);
    processes(&lists[2].1);
    for (_, file) in lists {
        let _ = fs::remove_file(file);
    }
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("Machine: {model}, {cores} cores, load average {load} at the start.")
}

fn readings(lists: &[(&str, PathBuf)]) {
    println!("| list | bytes | bare loop | read + validate + index | ratio | spread |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut linear = Vec::new();
    for (name, file) in lists {
        let c = compare(&fs::read(file).unwrap());
        println!(
            "| {name} | {} | {:.1?} | {:.1?} | {:.2} | {:.2} to {:.2} |",
            c.bytes, c.bare, c.ours, c.ratio, c.spread.0, c.spread.1
        );
        linear.push((c.bytes, c.ours));
    }
    let times = linear[2].1.as_secs_f64() / linear[1].1.as_secs_f64();
    println!("\n100,000 zorgaanbieders cost {times:.1} times as much as 10,000.\n");
}

fn memory(lists: &[(&str, PathBuf)]) {
    println!("| list | file | on top of it |\n| --- | --- | --- |");
    for (name, file) in lists {
        let output = this().arg("--once").arg(file).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |before: &str| -> f64 {
            let at = text.find(before).unwrap();
            text[..at].split_whitespace().last().unwrap().parse().unwrap()
        };
        let (bytes, extra) = (number(" bytes"), number(" KiB on top"));
        println!(
            "| {name} | {:.1} MB | {:.1} MiB ({:.2} ×) |",
            bytes / 1e6,
            extra / 1024.0,
            extra * 1024.0 / bytes
        );
    }
    println!();
}

fn look_ups(lists: &[(&str, PathBuf)]) {
    println!("| list | a thousand keys | all keys |\n| --- | --- | --- |");
    for (name, file) in lists {
        let found = look_up::measure(fs::read(file).unwrap());
        println!("| {name} | {:?} | {:?} |", found.thousand, found.all);
    }
    println!();
}

fn writing(lists: &[(&str, PathBuf)]) {
    println!("| list | `to_xml` | MB/s |\n| --- | --- | --- |");
    for (name, file) in &lists[1..4] {
        let bytes = fs::read(file).unwrap();
        let write: Box<dyn Fn() -> String> = if is_zal(&bytes) {
            let list = read::<Zorgaanbiederslijst>(bytes);
            Box::new(move || list.to_xml())
        } else {
            let list = read::<Whitelist>(bytes);
            Box::new(move || list.to_xml())
        };
        let mut size = 0;
        let mut times: Vec<_> = (0..7)
            .map(|_| {
                let start = Instant::now();
                size = write().len();
                start.elapsed()
            })
            .collect();
        let time = median(&mut times);
        println!(
            "| {name} | {time:.1?} | {:.0} |",
            size as f64 / 1e6 / time.as_secs_f64()
        );
    }
    println!();
}

/// Programs that judge the same list, in turns.
fn processes(file: &Path) {
    let schema = Family::Zal.own_schema();
    let python = std::env::var("MEASURE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = |text: &str| {
        let mut command = Command::new(&python);
        command.args(["-c", text]).arg(file).arg(&schema);
        command
    };
    let has = |module: &str| {
        let import = format!("import {module}");
        run(Command::new(&python).args(["-c", &import])).is_ok_and(|run| run.is_good)
    };
    let mut programs: Vec<(&str, Command)> = Vec::new();
    let mut absent = Vec::new();

    let mut once = this();
    once.arg("--once").arg(file);
    programs.push(("medmij-zal (`measure --once`)", once));
    let medmij = std::env::current_exe().unwrap().with_file_name("../medmij");
    if medmij.exists() {
        let mut command = Command::new(medmij);
        command.arg("validate").arg(file);
        programs.push(("`medmij validate`", command));
    } else {
        absent.push("`medmij validate` (build it: cargo build --release -p medmij-cli)");
    }
    if Command::new("xmllint").arg("--version").output().is_ok() {
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--schema"]).arg(&schema).arg(file);
        programs.push(("`xmllint --noout --schema`", command));
    } else {
        absent.push("xmllint (package libxml2-utils)");
    }
    if has("lxml") {
        programs.push(("lxml with the same schema", script(LXML)));
    } else {
        absent.push("lxml (pip install lxml, and name that python in MEASURE_PYTHON)");
    }
    if has("medmij_lists") {
        programs.push(("medmij-lists from PyPI (its own schema)", script(MEDMIJ_LISTS)));
    } else {
        absent.push("medmij-lists (pip install medmij-lists, and name that python in MEASURE_PYTHON)");
    }

    let mut runs: Vec<Vec<Run>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..TURNS {
        for ((_, command), runs) in programs.iter_mut().zip(&mut runs) {
            runs.push(run(command).unwrap());
        }
    }
    println!("| program | wall | user | system | peak memory | times ours |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut ours = 0.0;
    for ((name, _), runs) in programs.iter().zip(&mut runs) {
        runs.sort_by_key(|run| run.wall);
        let middle = runs[TURNS / 2];
        let wall = middle.wall.as_secs_f64();
        if ours == 0.0 {
            ours = wall;
        }
        let refused = if runs.iter().all(|run| run.is_good) {
            ""
        } else {
            " (FAILED)"
        };
        println!(
            "| {name}{refused} | {wall:.2} s ({:.2} to {:.2}) | {:.2} s | {:.2} s | {} MiB | {:.1} |",
            runs[0].wall.as_secs_f64(),
            runs[TURNS - 1].wall.as_secs_f64(),
            middle.user.as_secs_f64(),
            middle.system.as_secs_f64(),
            middle.peak / 1024,
            wall / ours
        );
    }
    for program in absent {
        println!("\nNot measured, because it is not there: {program}.");
    }
}

fn this() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

const LXML: &str = "import sys; from lxml import etree
schema = etree.XMLSchema(etree.parse(sys.argv[2]))
sys.exit(0 if schema.validate(etree.parse(sys.argv[1])) else 1)";

const MEDMIJ_LISTS: &str = "import sys, medmij_lists
len(medmij_lists.ZAL(xmldata=open(sys.argv[1], 'rb').read()))";
