function 1 (f) of inlined-call.wat: 161 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, metered by etalon-1@2#4c75033a85c56fb3
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xb                                  0x0002d  entry
     8  jb 0x9b
     e  mov rax, rsi
    11  sub rax, 0xb
    15  cmp rax, 0xa                                  0x00030  call $second
    19  jb 0x6d
    1f  mov rax, r15
    22  cmp rax, -0x1a
    26  ja 0x6d
    2c  mov rax, [rdi+0x28]
    30  mov rax, [rax+8]
    34  mov ecx, edx
    36  lea r8, [rcx+8]
    3a  cmp r8, rax
    3d  ja 0x6d
    43  mov rdx, [rdi+0x20]
    47  lea rcx, [rdx+rcx+4]
    4c  cmp r8, rax
    4f  cmova rcx, rdx
    53  mov eax, [rcx]  ; out of bounds memory access
    55  mov rcx, r15
    58  add rcx, 0x19
    5f  mov r15, rcx
    62  add eax, 1                                    0x00034  i32.add
    68  mov rsp, rbp                                  0x00035  end
    6b  pop rbp
    6c  ret
    6d  add r15, 0xc                                  0x00030  call $second
    71  jb 0x9d
    77  nop [rax+rax]
    7d  sub rsi, 0xb
    81  call function 0 (second)
    86  add r15, 3
    8a  jb 0x9f
    90  nop [rax+rax]
    96  jmp 0x62
    9b  ud2  ; call stack exhausted                   0x0002d  entry
    9d  ud2  ; out of gas                             0x00030  call $second
    9f  ud2  ; out of gas
