/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_PAGE_SIZE_H
#define ARCH_PAGE_SIZE_H

#define PAGE_SHIFT 12

#endif
