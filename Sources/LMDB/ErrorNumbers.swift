import Glibc

// Glibc stays out of the files that inline into other targets; these are the codes they name.
let enospc = ENOSPC
let edquot = EDQUOT
let eacces = EACCES
let eperm = EPERM
let enomem = ENOMEM
let enoent = ENOENT
let eio = EIO
