function 0 (f) of load.wat: 33 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xa                                  0x00024  entry
     8  jb 0x1f
     e  mov r8, [rdi+0x20]                            0x00027  i32.load offset=16
    12  mov r9d, edx
    15  mov eax, [r8+r9+0x10]  ; out of bounds memory access
    1a  mov rsp, rbp                                  0x0002a  end
    1d  pop rbp
    1e  ret
    1f  ud2  ; call stack exhausted                   0x00024  entry
