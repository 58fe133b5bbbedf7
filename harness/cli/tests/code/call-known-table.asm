function 2 (f) of call-known-table.wat: 84 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x0003c  entry
     8  jb 0x50
     e  mov rax, [rdi+0x20]                           0x00044  call_indirect (type $t)
    12  mov rax, [rax]
    15  and edx, 1                                    0x00043  i32.and
    18  mov rax, [rax+rdx*8]                          0x00044  call_indirect (type $t)
    1c  test rax, rax
    1f  je 0x52
    25  mov rdx, [rdi]
    28  mov r8, rdi
    2b  mov rdi, [rdx+0x10]
    2f  mov rcx, [rdi+rax*2-2]
    34  mov rdi, [rdi+rax*2+6]
    39  mov rax, r8
    3c  mov [rdx+0x38], rax
    40  sub rsi, 0xc                                  0x0003c  entry
    44  mov edx, 7                                    0x0003d  i32.const 7
    49  call rcx                                      0x00044  call_indirect (type $t)
    4b  mov rsp, rbp                                  0x00047  end
    4e  pop rbp
    4f  ret
    50  ud2  ; call stack exhausted                   0x0003c  entry
    52  ud2  ; uninitialized element                  0x00044  call_indirect (type $t)
