//! The program embeds the built site; names there change with their content, so cargo must look.

fn main() {
    println!("cargo:rerun-if-changed=../target/site");
    println!("cargo:rerun-if-changed=migrations");
}
