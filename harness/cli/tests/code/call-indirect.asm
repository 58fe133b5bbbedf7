function 0 (f) of call-indirect.wat: 131 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  mov r8, rcx
     7  cmp rsi, 0xc                                  0x0002b  entry
     b  jb 0x7b
    11  mov rcx, [rdi+0x20]                           0x00030  call_indirect (type $t)
    15  mov rax, [rcx+8]
    19  mov r8d, r8d
    1c  cmp r8, rax
    1f  jae 0x7d
    25  mov rcx, [rcx]
    28  lea r9, [rcx+r8*8]
    2c  cmp r8, rax
    2f  cmovae r9, rcx
    33  mov rax, [r9]
    36  test rax, rax
    39  je 0x7f
    3f  mov rcx, [rdi]
    42  mov r8, [rcx+0x10]
    46  mov r9d, [r8+rax*2+0xe]
    4b  cmp r9, [rdi+0x28]
    4f  mov r10, rdi
    52  jne 0x81
    58  mov r9, [r8+rax*2-2]
    5d  mov rdi, [r8+rax*2+6]
    62  mov rax, r10
    65  mov [rcx+0x38], rax
    69  sub rsi, 0xc                                  0x0002b  entry
    6d  call r9                                       0x00030  call_indirect (type $t)
    70  add eax, 1                                    0x00035  i32.add
    76  mov rsp, rbp                                  0x00036  end
    79  pop rbp
    7a  ret
    7b  ud2  ; call stack exhausted                   0x0002b  entry
    7d  ud2  ; undefined element                      0x00030  call_indirect (type $t)
    7f  ud2  ; uninitialized element
    81  ud2  ; indirect call type mismatch
