function 1 (f) of throw.wat: 180 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  sub rsp, 0x40
     8  mov [rsp+0x10], rbx
     d  mov [rsp+0x18], r12
    12  mov [rsp+0x20], r13
    17  mov [rsp+0x28], r14
    1c  mov [rsp+0x30], r15
    21  mov [rsp+8], rdi
    26  cmp rsi, 0xa                                  0x00030  entry
    2a  jb 0xb2
    30  sub rsi, 0xa
    34  call function 0 (g)                           0x0003b  call $g
    39  xor eax, eax                                  0x0003e  i32.const 0
    3b  jmp 0x8e                                      0x00040  end
    40  mov rdi, [rsp+8]
    45  mov rax, [rdi]                                0x0003d  end
    48  mov rdx, [rax+0x30]
    4c  mov ecx, 1
    51  mov edx, edx
    53  cmp edx, ecx
    55  cmovb ecx, edx
    58  lea rdx, [0x68]
    5f  movsxd rcx, [rdx+rcx*4]
    63  add rdx, rcx
    66  jmp rdx
    68  data 08 00 00 00 48 00 00 00
    70  mov rsi, [rax+0x28]
    74  mov rax, [rax+0xc8]
    7b  lea rdx, [rsp]
    7f  xor r9, r9
    82  mov rcx, r9
    85  mov r8, r9
    88  call rax
    8a  mov rax, [rsp]
    8e  mov rbx, [rsp+0x10]                           0x00041  end
    93  mov r12, [rsp+0x18]
    98  mov r13, [rsp+0x20]
    9d  mov r14, [rsp+0x28]
    a2  mov r15, [rsp+0x30]
    a7  add rsp, 0x40
    ab  mov rsp, rbp
    ae  pop rbp
    af  ret
    b0  ud2  ; leave                                  0x0003d  end
    b2  ud2  ; call stack exhausted                   0x00030  entry
