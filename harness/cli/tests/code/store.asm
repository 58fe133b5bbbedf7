function 0 (f) of store.wat: 32 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x00024  entry
     8  jb 0x1e
     e  mov r8, [rdi+0x20]                            0x00029  i64.store
    12  mov r9d, edx
    15  mov [r8+r9], rcx  ; out of bounds memory access
    19  mov rsp, rbp                                  0x0002c  end
    1c  pop rbp
    1d  ret
    1e  ud2  ; call stack exhausted                   0x00024  entry
