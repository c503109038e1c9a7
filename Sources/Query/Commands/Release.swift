/// Which Tallylog this is.
public enum Release {
    /// By semantic versioning.
    public static let version = "0.1.0"
}
