function 0 (f) of call-indirect.wat: 125 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x0002b  entry
     8  jb 0x75
     e  mov eax, ecx                                  0x00030  call_indirect (type $t)
    10  cmp rax, 4
    14  jae 0x77
    1a  mov rcx, [rdi+0x20]
    1e  mov rcx, [rcx]
    21  lea r8, [rcx+rax*8]
    25  cmp rax, 4
    29  cmovae r8, rcx
    2d  mov rax, [r8]
    30  test rax, rax
    33  je 0x79
    39  mov rcx, [rdi]
    3c  mov r8, [rcx+0x10]
    40  mov r9d, [r8+rax*2+0xe]
    45  cmp r9, [rdi+0x28]
    49  mov r10, rdi
    4c  jne 0x7b
    52  mov r9, [r8+rax*2-2]
    57  mov rdi, [r8+rax*2+6]
    5c  mov rax, r10
    5f  mov [rcx+0x38], rax
    63  sub rsi, 0xc                                  0x0002b  entry
    67  call r9                                       0x00030  call_indirect (type $t)
    6a  add eax, 1                                    0x00035  i32.add
    70  mov rsp, rbp                                  0x00036  end
    73  pop rbp
    74  ret
    75  ud2  ; call stack exhausted                   0x0002b  entry
    77  ud2  ; undefined element                      0x00030  call_indirect (type $t)
    79  ud2  ; uninitialized element
    7b  ud2  ; indirect call type mismatch
