function 0 (f) of call-indirect.wat: 137 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  mov r8, rcx
     7  cmp rsi, 0xc                                  0x0002b  entry
     b  jb 0x81
    11  mov rcx, [rdi+0x10]                           0x00030  call_indirect (type $t)
    15  mov rax, [rcx+8]
    19  mov r8d, r8d
    1c  cmp r8, rax
    1f  jae 0x83
    25  mov rcx, [rcx]
    28  lea r9, [rcx+r8*8]
    2c  cmp r8, rax
    2f  cmovae r9, rcx
    33  mov r8, [r9]
    36  test r8, r8
    39  je 0x85
    3f  mov rax, [rdi]
    42  mov rcx, [rax+0x10]
    46  add r8, r8
    49  sub r8, 2
    4d  mov r9, [rcx+r8+0x10]
    52  cmp r9, [rdi+0x18]
    56  mov r10, rdi
    59  jne 0x87
    5f  mov r9, [rcx+r8]
    63  mov rdi, [rcx+r8+8]
    68  mov rcx, r10
    6b  mov [rax+0x38], rcx
    6f  sub rsi, 0xc                                  0x0002b  entry
    73  call r9                                       0x00030  call_indirect (type $t)
    76  add eax, 1                                    0x00035  i32.add
    7c  mov rsp, rbp                                  0x00036  end
    7f  pop rbp
    80  ret
    81  ud2  ; call stack exhausted                   0x0002b  entry
    83  ud2  ; undefined element                      0x00030  call_indirect (type $t)
    85  ud2  ; uninitialized element
    87  ud2  ; indirect call type mismatch
