// Prints how many tests passed and failed, for `cargo xtask test` to add up.
export default class Count {
  outcomes = new Map();

  onTestEnd(test, result) {
    this.outcomes.set(test.id, result.status);
  }

  onEnd() {
    const statuses = [...this.outcomes.values()];
    const passed = statuses.filter(status => status === 'passed').length;
    // A test that was skipped has not shown anything.
    console.log(`counted: ${passed}, ${statuses.length - passed}`);
  }
}
