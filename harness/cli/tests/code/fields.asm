function 0 (f) of fields.wat: 223 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  sub rsp, 0x50
     8  mov [rsp+0x20], rbx
     d  mov [rsp+0x28], r12
    12  mov [rsp+0x30], r13
    17  mov [rsp+0x38], r14
    1c  mov [rsp+0x40], r15
    21  mov r15, r8
    24  mov [rsp+0x10], rcx
    29  cmp rsi, 0xe                                  0x0002c  entry
    2d  jb 0xd5
    33  test rdx, rdx                                 0x0002f  struct.get $s 1
    36  mov rsi, rdx
    39  je 0xd7
    3f  mov r13, [rdi]
    42  mov r14, rdi
    45  mov rax, [r13+0xe0]
    4c  mov edx, 1
    51  lea rbx, [rsp]
    55  xor r9, r9
    58  mov [rsp+0x18], r9
    5d  mov rcx, rbx
    60  mov r8, [rsp+0x18]
    65  call rax
    67  cmp rax, -2
    6b  je 0xd9
    71  mov r12, [rsp]
    75  mov rsi, [rsp+0x10]
    7a  test rsi, rsi                                 0x00037  array.get $a
    7d  je 0xdb
    83  mov rax, [r13+0x118]
    8a  mov r8, r15
    8d  mov edx, r8d
    90  mov rcx, rbx
    93  mov rdi, r14
    96  mov r9, [rsp+0x18]
    9b  mov r8, r9
    9e  call rax
    a0  cmp rax, -2
    a4  je 0xdd
    aa  mov rax, [rsp]
    ae  mov eax, eax                                  0x0003a  i64.extend_i32_u
    b0  add rax, r12                                  0x0003b  i64.add
    b3  mov rbx, [rsp+0x20]                           0x0003c  end
    b8  mov r12, [rsp+0x28]
    bd  mov r13, [rsp+0x30]
    c2  mov r14, [rsp+0x38]
    c7  mov r15, [rsp+0x40]
    cc  add rsp, 0x50
    d0  mov rsp, rbp
    d3  pop rbp
    d4  ret
    d5  ud2  ; call stack exhausted                   0x0002c  entry
    d7  ud2  ; null structure reference               0x0002f  struct.get $s 1
    d9  ud2  ; leave
    db  ud2  ; null array reference                   0x00037  array.get $a
    dd  ud2  ; leave
