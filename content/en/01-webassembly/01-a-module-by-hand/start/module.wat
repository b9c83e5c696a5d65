(module
  (func (export "add") (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.add)

  (func (export "sub") (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.sub)

  ;; The larger of two numbers. It is not done yet.
  (func (export "max") (param $a i32) (param $b i32) (result i32)
    local.get $a))
