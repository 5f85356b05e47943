# SPDX-License-Identifier: BSD-2-Clause
#
# The toolchain of one architecture, picked by PAGEFRAME_ARCH: its compiler, and the flags that
# belong to the machine. What belongs to the project (warnings, standard) is in CMakeLists.txt.
# An architecture is one block here.

if(NOT PAGEFRAME_ARCH)
	set(PAGEFRAME_ARCH riscv64)
endif()

if(PAGEFRAME_ARCH STREQUAL "host")
	# The compiler that CMake finds, or that the preset names.
	return()
elseif(PAGEFRAME_ARCH STREQUAL "riscv64")
	set(triple riscv64-unknown-elf)
	set(packages "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf")
	# rv64imac_zicsr would match no picolibc multilib.
	set(machine_flags "--specs=picolibc.specs -march=rv64imac -mabi=lp64 -mcmodel=medany")
elseif(PAGEFRAME_ARCH STREQUAL "arm64")
	set(triple aarch64-linux-gnu)
	set(packages "gcc-aarch64-linux-gnu picolibc-aarch64-linux-gnu")
	# Debian keeps the specs of a Linux compiler's picolibc out of its way.
	set(specs_file /usr/lib/picolibc/aarch64-linux-gnu/picolibc.specs)
	# Of the C library the printf family uses SIMD registers: a variadic function saves them, and
	# floating point is in it. Its memset() and memcpy() are loops of bytes. What we compile uses none.
	# Early code runs with the MMU off, where no access may be misaligned. Outlined atomics would want
	# a Linux underneath.
	string(CONCAT machine_flags "--specs=${specs_file} -march=armv8-a -mcmodel=small "
		"-mgeneral-regs-only -mstrict-align -mno-outline-atomics "
		"-fno-stack-protector -fno-asynchronous-unwind-tables")
else()
	message(FATAL_ERROR "PAGEFRAME_ARCH=${PAGEFRAME_ARCH}: not known; riscv64, arm64 or host")
endif()

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR ${PAGEFRAME_ARCH})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PAGEFRAME_ARCH)

find_program(PAGEFRAME_CC ${triple}-gcc)
if(NOT PAGEFRAME_CC)
	message(FATAL_ERROR "${triple}-gcc is missing. scripts/setup installs it; by hand: "
		"apt-get install ${packages}")
endif()
if(NOT specs_file)
	execute_process(COMMAND ${PAGEFRAME_CC} -print-file-name=picolibc.specs
		OUTPUT_VARIABLE specs_file OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT EXISTS "${specs_file}")
	message(FATAL_ERROR "picolibc for ${triple} is missing. scripts/setup installs it; "
		"by hand: apt-get install ${packages}")
endif()

set(CMAKE_C_COMPILER ${PAGEFRAME_CC})
set(CMAKE_ASM_COMPILER ${PAGEFRAME_CC})
set(CMAKE_C_FLAGS_INIT "${machine_flags} -ffreestanding -fno-pie -fno-omit-frame-pointer \
-fno-tree-loop-distribute-patterns -ftls-model=local-exec")
set(CMAKE_ASM_FLAGS_INIT "${machine_flags}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles -no-pie")
