function 0 (f) of load-memory64.wat: 45 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xa                                  0x00024  entry
     8  jb 0x2b
     e  mov r10, [rdi+0x28]                           0x00027  i64.load offset=8
    12  mov r10, [r10+8]
    16  mov r11, [rdi+0x20]
    1a  cmp rdx, r10
    1d  cmova rdx, r10
    21  mov rax, [r11+rdx+8]  ; out of bounds memory access
    26  mov rsp, rbp                                  0x0002a  end
    29  pop rbp
    2a  ret
    2b  ud2  ; call stack exhausted                   0x00024  entry
