function 0 (f) of fill.wat: 82 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x00023  entry
     8  jb 0x4e
     e  mov rax, [rdi+0x28]                           0x0002a  memory.fill
    12  mov rax, [rax+8]
    16  mov ecx, edx
    18  mov edx, 0x10
    1d  lea rsi, [rcx+0x10]
    21  cmp rsi, rax
    24  ja 0x50
    2a  mov r8, [rdi]
    2d  mov r8, [r8+0x130]
    34  mov r9, [rdi+0x20]
    38  lea rdi, [r9+rcx]
    3c  cmp rsi, rax
    3f  cmova rdi, r9
    43  xor rsi, rsi
    46  call r8
    49  mov rsp, rbp                                  0x0002d  end
    4c  pop rbp
    4d  ret
    4e  ud2  ; call stack exhausted                   0x00023  entry
    50  ud2  ; out of bounds memory access            0x0002a  memory.fill
