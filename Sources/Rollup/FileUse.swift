/// LMDB's file, and what of it the rollups take.
package struct FileUse: Sendable {
    /// How far the file has been used.
    package let fileBytes: Int
    /// The pages of the tree; the others are free, or keep the list of free ones.
    package let usedBytes: Int

    package init(fileBytes: Int, usedBytes: Int) {
        self.fileBytes = fileBytes
        self.usedBytes = usedBytes
    }
}
