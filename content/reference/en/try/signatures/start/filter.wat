;; Signatures: a text is signed with a private key, and a signature is verified with the public one.
;; Both take a Protobuf message: hash, key (DER), text; to verify, the signature too.
(module
  (import "env" "proxy_call_foreign_function" (func $proxy_call_foreign_function (param i32 i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 3)
  (func (export "proxy_abi_version_0_2_1"))

  ;; The host asks here for memory before it hands bytes over. Nothing is ever given back.
  (global $free (mut i32) (i32.const 65536))
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  ;; What the calls below say.
  (data (i32.const 1024) "sign")
  (data (i32.const 1040) "\0a\06sha256\12\8a\010\81\87\02\01\000\13\06\07*\86H\ce=\02\01\06\08*\86H\ce=\03\01\07\04m0k\02\01\01\04 \c9\af\a9\d8E\bau\16k\5c!Wg\b1\d6\93NP\c3\db6\e8\9b\12{\8ab+\12\0fg!\a1D\03B\00\04`\fe\d4\ba%Z\9d1\c9a\ebt\c65mh\c0I\b8\92;a\fal\e6ib.`\f2\9f\b6y\03\fe\10\08\b8\bc\99\a4\1a\e9\e9V(\bcd\f2\f1\b2\0c-~\9fQw\a3\c2\94\d4F\22\99\1a\05hello")
  (data (i32.const 1200) "verify_signature")
  (data (i32.const 1216) "\0a\06sha256\12[0Y0\13\06\07*\86H\ce=\02\01\06\08*\86H\ce=\03\01\07\03B\00\04`\fe\d4\ba%Z\9d1\c9a\ebt\c65mh\c0I\b8\92;a\fal\e6ib.`\f2\9f\b6y\03\fe\10\08\b8\bc\99\a4\1a\e9\e9V(\bcd\f2\f1\b2\0c-~\9fQw\a3\c2\94\d4F\22\99\1aH0F\02!\00\ac\d9Z\b6@\d8\a3P\0c\dcV\10o\c8\b3\ec\90A\d5\9dU\fc\d4J\f8\01{[\06[q\11\02!\00\e6Ck8y\7f[sJ6~Q\9f\01\e6\eb\8a\8dq%\8f|\a8p\88\d0Hw1\e6\cc\d9\22\05hello")
  (data (i32.const 1408) "\0a\06sha256\12[0Y0\13\06\07*\86H\ce=\02\01\06\08*\86H\ce=\03\01\07\03B\00\04`\fe\d4\ba%Z\9d1\c9a\ebt\c65mh\c0I\b8\92;a\fal\e6ib.`\f2\9f\b6y\03\fe\10\08\b8\bc\99\a4\1a\e9\e9V(\bcd\f2\f1\b2\0c-~\9fQw\a3\c2\94\d4F\22\99\1aH0F\02!\00\ac\d9Z\b6@\d8\a3P\0c\dcV\10o\c8\b3\ec\90A\d5\9dU\fc\d4J\f8\01{[\06[q\11\02!\00\e6Ck8y\7f[sJ6~Q\9f\01\e6\eb\8a\8dq%\8f|\a8p\88\d0Hw1\e6\cc\d9\22\05Hello")

  (func (export "proxy_on_request_headers") (param $stream_context_id i32) (param $num_headers i32) (param $end_of_stream i32) (result i32)
    ;; call_foreign_function("sign", SHA-256, our key, the text "hello")
    (drop (call $proxy_call_foreign_function (i32.const 1024) (i32.const 4) (i32.const 1040) (i32.const 156) (i32.const 0) (i32.const 4)))
    ;; call_foreign_function("verify_signature", SHA-256, the public key, a signature, "hello")
    (drop (call $proxy_call_foreign_function (i32.const 1200) (i32.const 16) (i32.const 1216) (i32.const 182) (i32.const 0) (i32.const 4)))
    ;; call_foreign_function("verify_signature", the same, and another text)
    (drop (call $proxy_call_foreign_function (i32.const 1200) (i32.const 16) (i32.const 1408) (i32.const 182) (i32.const 0) (i32.const 4)))
    (i32.const 0)))
