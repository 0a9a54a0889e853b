namespace OpenVdi.Streaming;

/// <summary>Names for the devices of a set when the caller has no names of its own.</summary>
public static class DeviceNames
{
    /// <summary>The set's name, then "name-2", "name-3" and so on. The first device always has the set's name (N6).</summary>
    /// <param name="setName">The set's name.</param>
    /// <param name="count">How many devices the set has.</param>
    public static IReadOnlyList<string> For(string setName, int count)
    {
        ArgumentException.ThrowIfNullOrEmpty(setName);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        string[] names = new string[count];
        for (int i = 0; i < count; i++)
        {
            names[i] = i == 0 ? setName : $"{setName}-{i + 1}";
        }

        return names;
    }
}
