function 1 (f) of metered-call.wat: 80 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, metered by etalon-1@1#4eceddd5e01cbcd1
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xb                                  0x00025  entry
     8  jb 0x4a
     e  mov r11, r15                                  0x00026  local.get 0
    11  cmp r11, 0xc
    15  jb 0x4c
    1b  sub r11, 0xc
    1f  mov r15, r11
    22  sub rsi, 0xb                                  0x00025  entry
    26  call function 0 (g)                           0x00028  call $g
    2b  mov rcx, r15                                  0x0002a  i32.const 1
    2e  cmp rcx, 3
    32  jb 0x4e
    38  sub rcx, 3
    3c  mov r15, rcx
    3f  add eax, 1                                    0x0002c  i32.add
    45  mov rsp, rbp                                  0x0002d  end
    48  pop rbp
    49  ret
    4a  ud2  ; call stack exhausted                   0x00025  entry
    4c  ud2  ; out of gas                             0x00026  local.get 0
    4e  ud2  ; out of gas                             0x0002a  i32.const 1
