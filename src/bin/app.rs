//! The page: takes over the prerendered document.

fn main() {
    console_error_panic_hook::set_once();
    if let Err(problem) = proxy_wasm_tour::ui::hydrate() {
        // The prerendered page stays readable; only the console can be told.
        web_sys::console::error_1(&problem.into());
    }
}
